import { AllodError, isAllodError } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { appraise } from './appraise.ts'
import { bind } from './bind.ts'
import { type EvidenceBundle, encodeEvidence, parseEvidence } from './evidence.ts'
import { type ProductionPolicy, strictHardware } from './policy.ts'
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
    const bound = await bind(verified, bundle.bound, context)
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
  ...strictHardware,
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
  await each(encoded.length, async (at) => {
    expect(await outcome(flip(encoded, at)), `byte ${at}`).not.toBe('accepted')
  })
})

const parts = (bundle: EvidenceBundle): readonly [string, (part: string) => EvidenceBundle][] => [
  [bundle.cpu.evidence, (evidence) => ({ ...bundle, cpu: { ...bundle.cpu, evidence } })],
  [bundle.cpu.endorsements[0] ?? '', (one) => ({ ...bundle, cpu: { ...bundle.cpu, endorsements: [one] } })],
  [bundle.devices[0]?.evidence ?? '', (evidence) => withDevice(bundle, { evidence })],
  [bundle.devices[0]?.endorsements[0] ?? '', (one) => withDevice(bundle, { endorsements: [one] })],
]

test('one bit flipped in any byte that was signed: a typed error, before any policy', async () => {
  for (const [part, put] of parts(good)) {
    const bytes = Buffer.from(part, 'base64url')
    await each(bytes.length, async (at) => {
      const damaged = put(Buffer.from(flip(bytes, at)).toString('base64url'))
      expect(await outcome(encodeEvidence(damaged)), `byte ${at}`).toBeInstanceOf(AllodError)
    })
  }
})

test('10,000 mutations of simulated bundles against a production policy: none is accepted', async () => {
  const mutations = fc.sample(mutation, { numRuns: 10_000, seed: 20_261_122 })
  let refused = 0
  await each(mutations.length, async (i) => {
    const result = await outcome(mutations[i] ?? new Uint8Array(), lenient)
    expect(result, `mutation ${i}`).not.toBe('accepted')
    refused++
  })
  expect(refused).toBe(10_000)
})

// Correctly signed bundles with all sorts of contents; then relabelled, damaged in a byte, cut, or left as they are.
const signed = await Promise.all(
  Array.from({ length: 64 }, (_, i) =>
    simulatedBundle({
      gpus: i % 3,
      report: { isDebug: i % 2 === 0, isIsolated: i % 5 > 0, tcb: i * 1000, generation: BigInt(i) },
      gpu: { isDebug: i % 7 === 0, firmware: i },
    }),
  ),
)

const damage = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('none' as const) }),
)

const mutation: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(...signed), fc.constantFrom('simulated' as const, 'tdx' as const, 'sevsnp' as const), damage)
  .map(([bundle, kind, how]) => {
    const bytes = encodeEvidence({ ...bundle, cpu: { ...bundle.cpu, kind } })
    if (how.kind === 'byte') return bytes.with(how.at % bytes.length, how.value)
    return how.kind === 'cut' ? bytes.slice(0, how.at % bytes.length) : bytes
  })

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)))

/** Runs a check for 0..count-1, some at a time: signatures are checked beside this thread. */
async function each(count: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

function withDevice(bundle: EvidenceBundle, change: Partial<EvidenceBundle['devices'][number]>): EvidenceBundle {
  return { ...bundle, devices: bundle.devices.map((d) => ({ ...d, ...change })) }
}
