import { AllodError, isAllodError } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appraise } from './appraise.ts'
import { bind } from './bind.ts'
import { type EvidenceBundle, encodeEvidence, parseEvidence } from './evidence.ts'
import type { ProductionPolicy } from './policy.ts'
import { appraiseSimulated } from './simulated/appraiseSimulated.ts'
import { simulatedVerifiers } from './simulated/simulatedVerifiers.ts'
import { context, NOW, policy, rootId, simulatedBundle } from './testing/simulatedBundle.ts'
import { verify } from './verify.ts'

type Outcome = 'accepted' | 'refused' | AllodError

/** The whole way from bytes to a verdict; whatever is thrown must be one of ours. */
async function outcome(bytes: Uint8Array, production?: ProductionPolicy): Promise<Outcome> {
  try {
    const bundle = parseEvidence(bytes)
    const verified = await verify(bundle, { verifiers: simulatedVerifiers([rootId]), now: NOW })
    const bound = bind(verified, bundle.bound, context)
    const { isAccepted } = production ? appraise(bound, production) : appraiseSimulated(bound, policy)
    return isAccepted ? 'accepted' : 'refused'
  } catch (error) {
    if (isAllodError(error)) return error
    throw error
  }
}

const good = await simulatedBundle()
const encoded = encodeEvidence(good)

// Windows are wide and the policy demands least, so that only what must refuse simulated evidence does.
const lenient: ProductionPolicy = {
  ...policy,
  kinds: ['tdx', 'sevsnp'],
  gpus: 'any',
  minimumTcb: 0,
  minimumGpuFirmware: 0,
  machines: 'any',
  configs: 'any',
}

test('the untouched bundle is accepted, so that what follows means something', async () => {
  expect(await outcome(encoded)).toBe('accepted')
})

test('one bit flipped in any byte of the bundle: a typed error or a refusal', async () => {
  for (let at = 0; at < encoded.length; at++) {
    const flipped = encoded.slice()
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8))
    expect(await outcome(flipped), `byte ${at}`).not.toBe('accepted')
  }
}, 120_000)

const parts = (bundle: EvidenceBundle): readonly [string, (part: string) => EvidenceBundle][] => [
  [bundle.cpu.evidence, (evidence) => ({ ...bundle, cpu: { ...bundle.cpu, evidence } })],
  [bundle.cpu.endorsements[0] ?? '', (one) => ({ ...bundle, cpu: { ...bundle.cpu, endorsements: [one] } })],
  [bundle.devices[0]?.evidence ?? '', (evidence) => withDevice(bundle, { evidence })],
  [bundle.devices[0]?.endorsements[0] ?? '', (one) => withDevice(bundle, { endorsements: [one] })],
]

test('one bit flipped in any byte that was signed: a typed error, before any policy', async () => {
  for (const [part, put] of parts(good)) {
    const bytes = Buffer.from(part, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8))
      const result = await outcome(encodeEvidence(put(flipped.toString('base64url'))))
      expect(result, `byte ${at}`).toBeInstanceOf(AllodError)
    }
  }
}, 120_000)

test('10,000 mutations of simulated bundles against a production policy: none is accepted', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(mutation, async (bytes) => {
      count++
      expect(await outcome(await bytes, lenient)).not.toBe('accepted')
    }),
    { numRuns: 10_000 },
  )
  expect(count).toBe(10_000)
}, 120_000)

const kinds = fc.constantFrom('simulated' as const, 'tdx' as const, 'sevsnp' as const)
const position = fc.nat(encoded.length - 1)

// Correctly signed bundles with other contents, relabelled kinds, and damaged bytes.
const mutation: fc.Arbitrary<Promise<Uint8Array>> = fc.oneof(
  fc.tuple(position, fc.nat(255)).map(async ([at, value]) => encoded.with(at, value)),
  fc.tuple(position, position).map(async ([a, b]) => encoded.slice(Math.min(a, b), Math.max(a, b))),
  fc.tuple(kinds, fc.nat(2)).map(async ([kind, gpus]) => {
    const bundle = await simulatedBundle({ gpus })
    return encodeEvidence({ ...bundle, cpu: { ...bundle.cpu, kind } })
  }),
  fc
    .record({ isDebug: fc.boolean(), isIsolated: fc.boolean(), tcb: fc.nat(0xffff), generation: fc.bigInt(0n, 99n) })
    .map(async (report) => encodeEvidence(await simulatedBundle({ report, gpus: report.tcb % 3 }))),
)

function withDevice(bundle: EvidenceBundle, change: Partial<EvidenceBundle['devices'][number]>): EvidenceBundle {
  return { ...bundle, devices: bundle.devices.map((d) => ({ ...d, ...change })) }
}
