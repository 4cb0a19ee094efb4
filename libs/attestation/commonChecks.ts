import type { Hex } from '@allod/protocol'
import { type Appraisal, addUp, type Check, type Exception } from './appraisal.ts'
import type { BindingContext, Bound } from './bind.ts'
import { check, counted, known, oneOf, same } from './check.ts'
import type { CommonPolicy, UnboundPolicy } from './policy.ts'
import type { Unbound } from './unbound.ts'
import type { VerifiedCpu, VerifiedDevice } from './verified.ts'

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
    tcbCheck(cpu, policy.minimumTcb),
    oneOf('config', 'config-mismatch', policy.configs, cpu.configHash),
    ...buildChecks(bound, policy),
    oneOf('machine', 'machine-not-allowed', policy.machines, cpu.machine),
    ...gpuChecks(policy, devices, bound.gpuNonce),
  ]
}

/** The checks of evidence that came without Allod's facts: what its reader knows is compared, and the rest is said to be any. */
export function unboundChecks({ verified, expected }: Unbound, policy: UnboundPolicy): Check[] {
  const { cpu, devices } = verified
  return [
    // Of nothing, every device answers.
    same('evidence', 'not-hardware', 'some', cpu === null && devices.length === 0 ? 'none' : 'some', 'evidence'),
    ...(cpu === null
      ? []
      : [
          oneOf('report-data', 'report-data-mismatch', anyOrOne(expected.reportData), cpu.reportData),
          same('debug', 'debug-enabled', 'false', String(cpu.isDebug), 'policy'),
          tcbCheck(cpu, policy.minimumTcb),
          oneOf('config', 'config-mismatch', policy.configs, cpu.configHash),
          oneOf('measurement', 'measurement-unknown', policy.measurements, cpu.measurement),
          oneOf('machine', 'machine-not-allowed', policy.machines, cpu.machine),
        ]),
    ...gpuChecks(policy, devices, expected.nonce),
  ]
}

/** Adds up checks of evidence, for as long as all of its parts hold. */
export function conclude(
  evidence: Bound | Unbound,
  checks: readonly Check[],
  exceptions: readonly Exception[] = [],
): Appraisal {
  const { cpu, devices } = evidence.verified
  const nonceValidUntil = 'context' in evidence ? evidence.context.nonceValidUntil : Number.MAX_SAFE_INTEGER
  const parts = cpu === null ? devices : [cpu, ...devices]
  return addUp(checks, exceptions, Math.min(nonceValidUntil, ...parts.map((part) => part.validUntil)))
}

const anyOrOne = (value: Hex | null): 'any' | readonly Hex[] => (value === null ? 'any' : [value])

// SEV-SNP's number is several, a byte each, and a newer microcode makes up for no older firmware.
function tcbCheck(cpu: VerifiedCpu, minimum: number): Check {
  const isMet =
    cpu.kind === 'sevsnp' ? bytesOf(cpu.tcb).every((b, i) => b >= (bytesOf(minimum)[i] ?? 0)) : cpu.tcb >= minimum
  return check('tcb', 'tcb-too-old', `>= ${minimum}`, String(cpu.tcb), isMet, 'policy')
}

const bytesOf = (packed: number): number[] => Array.from({ length: 7 }, (_, i) => Math.floor(packed / 256 ** i) % 256)

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

// The build in report data is a claim of the enclave; the launch measurement is what the chip saw.
function buildChecks({ verified, facts }: Bound, policy: CommonPolicy): Check[] {
  const build = policy.measurements.get(verified.cpu.measurement)
  return [
    known(
      'measurement',
      'measurement-unknown',
      'a known measurement',
      verified.cpu.measurement,
      build !== undefined,
      'registry',
    ),
    same('build', 'build-mismatch', build ?? 'unknown', facts.buildDigest, 'evidence'),
    oneOf('build-approved', 'build-not-approved', policy.builds, build ?? facts.buildDigest),
  ]
}

function gpuChecks(
  policy: Pick<CommonPolicy, 'gpus' | 'minimumGpuFirmware'>,
  devices: readonly VerifiedDevice[],
  nonce: Hex | null,
): Check[] {
  const gpus = devices.filter((d) => d.role === 'gpu')
  const distinct = new Set(devices.map((d) => d.device)).size
  return [
    counted('gpu-count', 'gpu-count-mismatch', policy.gpus, gpus.length),
    same('gpu-distinct', 'gpu-not-distinct', String(devices.length), String(distinct), 'evidence'),
    ...devices.flatMap((d, i) => [
      oneOf(`device-${i}-nonce`, 'gpu-nonce-mismatch', anyOrOne(nonce), d.nonce),
      same(`device-${i}-mode`, 'gpu-not-confidential', 'true', String(d.isConfidential), 'policy'),
      same(`device-${i}-debug`, 'gpu-debug-enabled', 'false', String(d.isDebug), 'policy'),
      // A switch runs no driver: it has no such number. A policy for hardware lists its BIOS versions instead.
      ...(d.role === 'switch' ? [] : [firmware(`device-${i}-firmware`, d, policy.minimumGpuFirmware)]),
    ]),
  ]
}

const firmware = (name: string, device: VerifiedDevice, minimum: number): Check =>
  check(name, 'gpu-firmware-too-old', `>= ${minimum}`, String(device.firmware), device.firmware >= minimum, 'policy')
