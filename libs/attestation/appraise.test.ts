import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Hex, isAllodError } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { appraise, type Refusal, requireAccepted } from './appraise.ts'
import { type BindingContext, bind } from './bind.ts'
import { type ProductionPolicy, strictHardware } from './policy.ts'
import { appraiseSimulated, type SimulatedPolicy } from './simulated/appraiseSimulated.ts'
import { simulatedMeasurement } from './simulated/measurement.ts'
import { simulatedVerifiers } from './simulated/simulatedVerifiers.ts'
import {
  build,
  type Changes,
  context,
  flipped,
  NOW,
  nonce,
  policy,
  rootId,
  simulatedBundle,
} from './testing/simulatedBundle.ts'
import { verify } from './verify.ts'

type Case = {
  readonly changes?: Changes
  readonly policy?: Partial<SimulatedPolicy>
  readonly context?: Partial<BindingContext>
}

async function boundOf({ changes = {}, context: known = {} }: Case) {
  const bundle = await simulatedBundle(changes)
  const verified = await verify(bundle, { verifiers: simulatedVerifiers([rootId]), now: NOW })
  return bind(verified, bundle.bound, { ...context, ...known })
}

const judge = async (given: Case) => appraiseSimulated(await boundOf(given), { ...policy, ...given.policy })

const zero = (size: number): Hex => `0x${'00'.repeat(size)}`

test('accepts evidence that meets every clause, until the earliest window ends', async () => {
  const appraisal = await judge({})
  expect(appraisal.checks.filter((c) => c.result !== 'pass')).toEqual([])
  expect(appraisal).toMatchObject({ isAccepted: true, validUntil: NOW + 500 })
  expect(() => requireAccepted(appraisal)).not.toThrow()
  const long = await judge({ context: { nonceValidUntil: NOW + 5000 } })
  expect(long.validUntil).toBe(NOW + 1000)
})

const otherFact = (facts: Changes['facts']): Case => ({ changes: { facts } as Changes })

// Each: what differs, the first code that refuses, and the checks that say so.
const cases: readonly [string, Case, `attestation/${Refusal}`, string][] = [
  ['another root', { policy: { root: zero(32) } }, 'attestation/root-not-allowed', 'root+device-0-root'],
  ['no sandbox', { changes: { report: { isIsolated: false } } }, 'attestation/not-isolated', 'isolation'],
  [
    'report data of other facts',
    { changes: { report: { reportData: zero(64) } } },
    'attestation/report-data-mismatch',
    'report-data',
  ],
  ['devices swapped after the report', otherFact({ devicesHash: zero(32) }), 'attestation/devices-mismatch', 'devices'],
  ['an old nonce', { context: { nonce: { ...nonce, nonce: zero(32) } } }, 'attestation/nonce-mismatch', 'nonce'],
  [
    'a nonce for somebody else',
    { context: { nonce: { ...nonce, id: zero(32) } } },
    'attestation/nonce-mismatch',
    'nonce',
  ],
  ['another order', otherFact({ order: zero(32) }), 'attestation/bound-fact-mismatch', 'order'],
  ['another chain', otherFact({ chainId: '1' }), 'attestation/bound-fact-mismatch', 'chain'],
  ['another role', otherFact({ role: 'client' }), 'attestation/bound-fact-mismatch', 'role'],
  ['another spec', otherFact({ specHash: zero(32) }), 'attestation/bound-fact-mismatch', 'spec'],
  ['another key', { context: { expected: { hpkeKey: zero(1216) } } }, 'attestation/bound-fact-mismatch', 'hpke-key'],
  [
    'another TLS key',
    { context: { expected: { tlsSpkiHash: zero(32) } } },
    'attestation/bound-fact-mismatch',
    'tls-key',
  ],
  ['another market', { context: { expected: { market: zero(20) } } }, 'attestation/bound-fact-mismatch', 'market'],
  [
    'another signer',
    { context: { expected: { signingAddress: zero(20) } } },
    'attestation/bound-fact-mismatch',
    'signing-address',
  ],
  ['another generation', { context: { expected: { generation: 2 } } }, 'attestation/bound-fact-mismatch', 'generation'],
  ['debug', { changes: { report: { isDebug: true } } }, 'attestation/debug-enabled', 'debug'],
  ['an old TCB', { changes: { report: { tcb: 6 } } }, 'attestation/tcb-too-old', 'tcb'],
  ['another configuration', { policy: { configs: [zero(32)] } }, 'attestation/config-mismatch', 'config'],
  [
    'a measurement nobody knows',
    { policy: { measurements: new Map() } },
    'attestation/measurement-unknown',
    'measurement+build',
  ],
  ['a claim of another build', otherFact({ buildDigest: zero(32) }), 'attestation/build-mismatch', 'build'],
  ['a build not approved', { policy: { builds: [] } }, 'attestation/build-not-approved', 'build-approved'],
  ['another machine', { policy: { machines: [zero(32)] } }, 'attestation/machine-not-allowed', 'machine'],
  ['a GPU missing', { changes: { gpus: 0 } }, 'attestation/gpu-count-mismatch', 'gpu-count'],
  ['a GPU shown twice', { changes: { gpus: 2 }, policy: { gpus: 2 } }, 'attestation/gpu-not-distinct', 'gpu-distinct'],
  [
    'a GPU from elsewhere',
    { changes: { gpu: { nonce: zero(32) } } },
    'attestation/gpu-nonce-mismatch',
    'device-0-nonce',
  ],
  [
    'a GPU in open mode',
    { changes: { gpu: { isConfidential: false } } },
    'attestation/gpu-not-confidential',
    'device-0-mode',
  ],
  ['a GPU in debug mode', { changes: { gpu: { isDebug: true } } }, 'attestation/gpu-debug-enabled', 'device-0-debug'],
  ['old GPU firmware', { changes: { gpu: { firmware: 2 } } }, 'attestation/gpu-firmware-too-old', 'device-0-firmware'],
]

describe.each(cases)('refuses %s', (_, given, code, names) => {
  test(`as ${code}`, async () => {
    const appraisal = await judge(given)
    expect(appraisal.isAccepted).toBe(false)
    expect(appraisal.checks.filter((c) => c.result !== 'pass').map((c) => c.name)).toEqual(names.split('+'))
    const thrown = await caught(() => requireAccepted(appraisal))
    expect(isAllodError(thrown, code)).toBe(true)
  })
})

test('an unknown measurement is unknown, not failed, and refuses all the same', async () => {
  const { checks, isAccepted } = await judge({ policy: { measurements: new Map() } })
  expect(checks.find((c) => c.name === 'measurement')?.result).toBe('unknown')
  expect(isAccepted).toBe(false)
})

test('a measurement known as an unapproved build does not pass by claiming an approved one', async () => {
  const other = flipped(build)
  const { checks } = await judge({ policy: { measurements: new Map([[simulatedMeasurement(build), other]]) } })
  expect(checks.filter((c) => c.result === 'fail').map((c) => c.refusal)).toEqual([
    'build-mismatch',
    'build-not-approved',
  ])
})

test('an appraisal with no checks is no acceptance', async () => {
  const thrown = await caught(() => requireAccepted({ isAccepted: false, checks: [], exceptions: [], validUntil: NOW }))
  expect(isAllodError(thrown, 'attestation/kind-not-allowed')).toBe(true)
})

const production: ProductionPolicy = {
  ...policy,
  ...strictHardware,
  gpus: 'any',
  minimumTcb: 0,
  minimumGpuFirmware: 0,
  machines: 'any',
  configs: 'any',
}

test('a production policy refuses simulated evidence, kind, CPU and GPU: attestation/not-hardware', async () => {
  const { checks, isAccepted } = appraise(await boundOf({}), production)
  expect(isAccepted).toBe(false)
  expect(checks.filter((c) => c.result === 'fail').map((c) => [c.name, c.refusal])).toEqual([
    ['kind', 'kind-not-allowed'],
    ['hardware', 'not-hardware'],
    ['device-0-hardware', 'not-hardware'],
  ])
})

test('a production policy refuses simulated evidence even where a caller smuggles the kind in', async () => {
  const smuggled = { ...production, kinds: ['simulated'] } as unknown as ProductionPolicy
  const { checks, isAccepted } = appraise(await boundOf({}), smuggled)
  expect(isAccepted).toBe(false)
  expect(checks.find((c) => c.name === 'hardware')?.refusal).toBe('not-hardware')
})

test('the type of a production policy has no place for a simulated kind', () => {
  // @ts-expect-error a kind of hardware only
  const smuggled: ProductionPolicy = { ...production, kinds: ['simulated'] }
  expect(smuggled.kinds).toEqual(['simulated'])
})

test('the root entry reaches no simulated module', () => {
  const reached = new Set<string>()
  const visit = (file: string) => {
    if (reached.has(file)) return
    reached.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
      visit(join(dirname(file), path as string))
  }
  visit(join(import.meta.dirname, 'index.ts'))
  expect(reached.size).toBeGreaterThan(5)
  expect([...reached].filter((file) => file.includes('/simulated/'))).toEqual([])
})

async function caught(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  return undefined
}
