import type { Hex } from '@allod/protocol'
import type { Appraisal, Check, Refusal } from './appraisal.ts'
import type { BindingContext, Bound } from './bind.ts'
import type { CommonPolicy } from './policy.ts'
import type { VerifiedDevice } from './verified.ts'

/** One check. @param isPass anything but `true` fails */
export function check(
  name: string,
  refusal: Refusal,
  expected: string,
  actual: string,
  isPass: boolean,
  source: Check['source'],
): Check {
  return { name, result: isPass === true ? 'pass' : 'fail', refusal, expected, actual, source }
}

const same = (name: string, refusal: Refusal, expected: string, actual: string, source: Check['source']): Check =>
  check(name, refusal, expected, actual, expected === actual, source)

/** The checks that every kind of evidence goes through. */
export function commonChecks(bound: Bound, policy: CommonPolicy): Check[] {
  const { verified, facts, context } = bound
  const { cpu, devices } = verified
  const asked = facts.nonces.find((n) => n.id === context.nonce.id)
  return [
    same('report-data', 'report-data-mismatch', bound.reportData.expected, bound.reportData.actual, 'evidence'),
    same('devices', 'devices-mismatch', bound.devicesHash.expected, bound.devicesHash.actual, 'evidence'),
    same('nonce', 'nonce-mismatch', context.nonce.nonce, asked?.nonce ?? 'none', 'verifier'),
    ...expectedFacts(bound),
    same('debug', 'debug-enabled', 'false', String(cpu.isDebug), 'policy'),
    check('tcb', 'tcb-too-old', `>= ${policy.minimumTcb}`, String(cpu.tcb), cpu.tcb >= policy.minimumTcb, 'policy'),
    oneOf('config', 'config-mismatch', policy.configs, cpu.configHash),
    ...buildChecks(bound, policy),
    oneOf('machine', 'machine-not-allowed', policy.machines, cpu.machine),
    ...gpuChecks(bound, policy, devices),
  ]
}

/** Adds up: accepted where there are checks and all of them pass. */
export function conclude(bound: Bound, checks: readonly Check[]): Appraisal {
  const { cpu, devices } = bound.verified
  return {
    isAccepted: checks.length > 0 && checks.every((c) => c.result === 'pass'),
    checks,
    validUntil: Math.min(bound.context.nonceValidUntil, cpu.validUntil, ...devices.map((d) => d.validUntil)),
  }
}

const FACTS: Readonly<Record<keyof BindingContext['expected'], string>> = {
  role: 'role',
  hpkeKey: 'hpke-key',
  signingAddress: 'signing-address',
  tlsSpkiHash: 'tls-key',
  specHash: 'spec',
  chainId: 'chain',
  market: 'market',
  order: 'order',
  generation: 'generation',
}

function expectedFacts({ facts, context }: Bound): Check[] {
  const fields = Object.keys(FACTS) as (keyof typeof FACTS)[]
  return fields
    .filter((field) => context.expected[field] !== undefined)
    .map((field) =>
      same(FACTS[field], 'bound-fact-mismatch', String(context.expected[field]), String(facts[field]), 'verifier'),
    )
}

function oneOf(name: string, refusal: Refusal, allowed: 'any' | readonly Hex[], actual: Hex): Check {
  const isAllowed = allowed === 'any' || allowed.includes(actual)
  return check(name, refusal, allowed === 'any' ? 'any' : `one of ${allowed.length}`, actual, isAllowed, 'policy')
}

// The build in report data is a claim of the enclave; the launch measurement is what the chip saw.
function buildChecks({ verified, facts }: Bound, policy: CommonPolicy): Check[] {
  const build = policy.measurements.get(verified.cpu.measurement)
  const measurement: Check = {
    name: 'measurement',
    result: build === undefined ? 'unknown' : 'pass',
    refusal: 'measurement-unknown',
    expected: 'a known measurement',
    actual: verified.cpu.measurement,
    source: 'registry',
  }
  return [
    measurement,
    same('build', 'build-mismatch', build ?? 'unknown', facts.buildDigest, 'evidence'),
    oneOf('build-approved', 'build-not-approved', policy.builds, build ?? facts.buildDigest),
  ]
}

function gpuChecks(bound: Bound, policy: CommonPolicy, devices: readonly VerifiedDevice[]): Check[] {
  const gpus = devices.filter((d) => d.role === 'gpu')
  const isCount = policy.gpus === 'any' || gpus.length === policy.gpus
  const distinct = new Set(devices.map((d) => d.device)).size
  return [
    check('gpu-count', 'gpu-count-mismatch', String(policy.gpus), String(gpus.length), isCount, 'policy'),
    same('gpu-distinct', 'gpu-not-distinct', String(devices.length), String(distinct), 'evidence'),
    ...devices.flatMap((d, i) => [
      same(`device-${i}-nonce`, 'gpu-nonce-mismatch', bound.gpuNonce, d.nonce, 'evidence'),
      same(`device-${i}-mode`, 'gpu-not-confidential', 'true', String(d.isConfidential), 'policy'),
      same(`device-${i}-debug`, 'gpu-debug-enabled', 'false', String(d.isDebug), 'policy'),
      check(
        `device-${i}-firmware`,
        'gpu-firmware-too-old',
        `>= ${policy.minimumGpuFirmware}`,
        String(d.firmware),
        d.firmware >= policy.minimumGpuFirmware,
        'policy',
      ),
    ]),
  ]
}
