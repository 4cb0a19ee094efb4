import { concat, isAllodError, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appraise } from '../appraise.ts'
import { strictEvidence, unboundPolicy } from '../evidencePolicy.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import { issueOcsp } from '../testing/issueOcsp.ts'
import { newDevice, newNvidiaAuthorities, signEvidence, switchFields } from '../testing/nvidiaIssuer.ts'
import { pemOf } from '../testing/pemOf.ts'
import { encodeDer } from '../x509/encodeDer.ts'
import { describeNvidia } from './describeNvidia.ts'
import { nvidiaVerifiers } from './verifyNvidia.ts'

const NOW = 1_790_000_000
const SEED = 20_261_125

const authorities = await newNvidiaAuthorities()
const gpu = await newDevice(authorities)
const nvswitch = await newDevice(authorities, { name: 'LS_10 A01 FSP FMC LF', style: 'none', serial: 0x51 })
const gpuEvidence = await signEvidence(gpu)
const switchEvidence = await signEvidence(nvswitch, { blocks: 31, fields: switchFields })
const [gpuVerifier, switchVerifier] = nvidiaVerifiers({ roots: [authorities.root.der] })

const dates = { thisUpdate: NOW - 100, nextUpdate: NOW + 100 }
const ocsp = await Promise.all([
  issueOcsp({ certificate: gpu.device, issuer: authorities.provisioner, ...dates }),
  issueOcsp({ certificate: authorities.provisioner, issuer: authorities.identity, ...dates }),
  issueOcsp({ certificate: authorities.identity, issuer: authorities.root, ...dates }),
])

const policy = unboundPolicy({ ...strictEvidence, exceptions: ['reference-values-unknown'] })
const lenient = unboundPolicy({ ...strictEvidence, exceptions: ['reference-values-unknown', 'revocation-unknown'] })

type Outcome = 'accepted' | string

/** The whole way from bytes to a verdict; whatever is thrown must be one of ours. */
async function outcome(
  verifier: typeof gpuVerifier,
  evidence: Uint8Array,
  endorsements: readonly Uint8Array[],
  demands = lenient,
): Promise<Outcome> {
  try {
    const device = await verifier.verify(evidence, endorsements, { now: NOW })
    const unbound = { verified: { cpu: null, devices: [device] }, expected: { reportData: null, nonce: null } }
    return appraise(unbound, demands).isAccepted ? 'accepted' : 'refused'
  } catch (error) {
    if (isAllodError(error)) return error.code
    throw error
  }
}

const ofGpu = (evidence: Uint8Array): Promise<Outcome> => outcome(gpuVerifier, evidence, [gpu.pem])
const ofSwitch = (evidence: Uint8Array): Promise<Outcome> => outcome(switchVerifier, evidence, [nvswitch.pem])
const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)))

/** Runs some at a time: signatures are checked beside this thread. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < items.length) await run(items[next++] as T)
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

const all = (length: number): readonly number[] => Array.from({ length }, (_, i) => i)
const sample = (length: number, count: number): readonly number[] =>
  fc.sample(fc.nat(length - 1), { numRuns: count, seed: SEED })

test('what is not touched is accepted, so that what follows means something', async () => {
  expect(await ofGpu(gpuEvidence)).toBe('accepted')
  expect(await ofSwitch(switchEvidence)).toBe('accepted')
  expect(await outcome(gpuVerifier, gpuEvidence, [gpu.pem, ...ocsp], policy)).toBe('accepted')
})

describe('evidence', () => {
  test('one bit turned in any byte of a switch’s: a typed error', async () => {
    await each(all(switchEvidence.length), async (at) => {
      expect(await ofSwitch(flip(switchEvidence, at)), `byte ${at}`).toMatch(/^nvidia\//)
    })
  })

  // A GPU's has the same parts and more blocks: opaque data and signature in full, a sample of the rest.
  test('one bit turned in bytes of a GPU’s: a typed error', async () => {
    const tail = all(gpuEvidence.length).slice(-300)
    await each([...tail, ...sample(gpuEvidence.length, 300)], async (at) => {
      expect(await ofGpu(flip(gpuEvidence, at)), `byte ${at}`).toMatch(/^nvidia\//)
    })
  })

  test('every prefix, and every suffix too many: a typed error', async () => {
    await each(all(gpuEvidence.length), async (length) => {
      expect(await ofGpu(gpuEvidence.slice(0, length)), `${length} bytes`).toMatch(/^nvidia\//)
    })
    for (const more of [1, 2, 96, 4096])
      expect(await ofGpu(concat(gpuEvidence, new Uint8Array(more)))).toBe('nvidia/trailing-bytes')
  })

  test('random splices of two: a typed error', async () => {
    const other = await signEvidence(gpu, { nonce: new Uint8Array(32).fill(9) })
    const cut = fc.record({
      from: fc.nat(gpuEvidence.length),
      to: fc.nat(gpuEvidence.length),
      at: fc.nat(other.length),
    })
    const cuts = fc.sample(cut, { numRuns: 300, seed: SEED })
    await each(cuts, async ({ from, to, at }) => {
      const spliced = concat(
        other.slice(0, at),
        gpuEvidence.slice(Math.min(from, to), Math.max(from, to)),
        other.slice(at),
      )
      if (spliced.length === other.length) return
      expect(await ofGpu(spliced), `${from} ${to} ${at}`).toMatch(/^nvidia\//)
      const over = other.slice()
      over.set(gpuEvidence.slice(at, at + 64), at)
      // The same where both say the same: two of one device differ in nonce and signature.
      if (over.some((byte, i) => byte !== other[i])) expect(await ofGpu(over), `over ${at}`).toMatch(/^nvidia\//)
    })
  })

  test('whatever describes, describes or says why not', () => {
    for (const at of sample(gpuEvidence.length, 300)) {
      try {
        expect(describeNvidia(flip(gpuEvidence, at)).length).toBeGreaterThan(64)
      } catch (error) {
        expect(isAllodError(error), `byte ${at}`).toBe(true)
      }
    }
  })
})

describe('endorsements', () => {
  // Nothing in a chain is unauthenticated: PEM is canonical, the last certificate must be the pinned root byte for byte.
  test('one bit turned in bytes of the chain: a typed error', async () => {
    const tail = all(gpu.pem.length).slice(-100)
    await each([...all(100), ...tail, ...sample(gpu.pem.length, 500)], async (at) => {
      expect(await outcome(gpuVerifier, gpuEvidence, [flip(gpu.pem, at)]), `byte ${at}`).toMatch(/^(nvidia|x509)\//)
    })
  })

  test('every prefix of the chain but the one without the last line end', async () => {
    await each(sample(gpu.pem.length - 1, 300), async (length) => {
      expect(await outcome(gpuVerifier, gpuEvidence, [gpu.pem.slice(0, length)])).toMatch(/^(nvidia|x509)\//)
    })
    expect(await outcome(gpuVerifier, gpuEvidence, [gpu.pem.slice(0, -1)])).toBe('accepted')
  })

  test('one bit turned in bytes of an OCSP response: a typed error, or no answer', async () => {
    const [first, ...others] = ocsp
    await each(all((first as Uint8Array).length), async (at) => {
      const damaged = [gpu.pem, flip(first as Uint8Array, at), ...others]
      expect(await outcome(gpuVerifier, gpuEvidence, damaged, policy), `byte ${at}`).not.toBe('accepted')
    })
  })
})

describe('hostile sizes are refused at once', () => {
  const big = new Uint8Array(10 << 20)
  const one = pemOf('CERTIFICATE', authorities.root.der)
  const nested = Array.from({ length: 2_000 }).reduce<Uint8Array>(
    (inner) => encodeDer(0x30, inner),
    Uint8Array.of(0x0a, 1, 0),
  )
  const hostile: readonly [string, Uint8Array, readonly Uint8Array[]][] = [
    ['10 MB of evidence', big, [gpu.pem]],
    [
      'evidence that says it is long',
      concat(gpuEvidence.slice(0, 41), Uint8Array.of(255), gpuEvidence.slice(42)),
      [gpu.pem],
    ],
    ['10 MB that are nothing', gpuEvidence, [gpu.pem, big]],
    ['10 MB of XML', gpuEvidence, [gpu.pem, big.map(() => 0x3c)]],
    ['ten thousand certificates', gpuEvidence, [concat(...Array.from({ length: 10_000 }, () => one))]],
    ['ten thousand endorsements', gpuEvidence, Array.from({ length: 10_000 }, () => gpu.pem)],
    ['deep DER', gpuEvidence, [gpu.pem, concat(Uint8Array.of(0x30, 0x82, 0x10, 0, 0x0a), nested)]],
    [
      '10 MB of one line',
      gpuEvidence,
      [
        concat(
          utf8('-----BEGIN CERTIFICATE-----\n'),
          big.map(() => 0x41),
        ),
      ],
    ],
  ]
  test.each(hostile)('%s', async (_, evidence, endorsements) => {
    const cpuSeconds = cpuClock()
    expect(await outcome(gpuVerifier, evidence, endorsements)).toMatch(/^(nvidia|x509|rim)\//)
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })
})
