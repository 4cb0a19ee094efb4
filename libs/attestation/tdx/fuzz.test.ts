import { readFileSync } from 'node:fs'
import { concat, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import { pemOf } from '../testing/pemOf.ts'
import { outcomeOf, type VectorFile } from '../testing/runVectors.ts'
import { describeTdx } from './describeTdx.ts'
import { parseRuntimeEvents } from './eventLog/runtimeEvents.ts'
import { parseStrictJson } from './strictJson.ts'
import { tdxVerifier } from './verifyTdx.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/tdx.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name: string): Uint8Array => {
  const text = file.blobs[name]
  if (text === undefined) throw new Error(`no blob ${name}`)
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
const { verify } = tdxVerifier({ roots: file.roots.map(blob) })

const v4 = blob('v4')
const v5 = blob('v5')
const names = ['tcb-info', 'qe-identity', 'tcb-chain', 'pck-crl', 'root-crl'] as const
const brought = names.map(blob)
const logged = file.cases.find((c) => c.name === 'logs of firmware and guest')
const [ccel, runtime] = (logged?.endorsements ?? []).slice(-2).map(blob) as [Uint8Array, Uint8Array]
const SEED = 20_261_122

const outcome = (evidence: Uint8Array, endorsements: readonly Uint8Array[]): Promise<string> =>
  outcomeOf(() => verify(evidence, endorsements, { now: file.now }))

// Whatever comes in: never accepted, never an error that is none of ours.
async function expectRefused(evidence: Uint8Array, endorsements: readonly Uint8Array[], what: string): Promise<void> {
  const code = await outcome(evidence, endorsements)
  if (code === 'accepted' || code.startsWith('untyped')) expect.fail(`${what}: ${code}`)
}

const flip = (of: Uint8Array, at: number): Uint8Array => of.map((b, i) => (i === at ? b ^ (1 << (at % 8)) : b))
const swapped = (i: number, by: Uint8Array): readonly Uint8Array[] => brought.map((b, at) => (at === i ? by : b))

test('the untouched evidence is accepted, so that what follows means something', async () => {
  expect(await outcome(v4, brought)).toBe('accepted')
  expect(await outcome(v5, brought)).toBe('accepted')
  expect(await outcome(v5, [...brought, ccel, runtime])).toBe('accepted')
})

// Every byte of a quote is signed, hashed, counted or compared with the pinned root. What may be there or not is the NUL that C
// programs put behind the chain, and empty lines before it; no flip makes one of the other.
test('one bit flipped in any byte of a quote v4, and in every third of its chain', async () => {
  for (let at = 0; at < v4.length; at += at < 1258 ? 1 : 3) await expectRefused(flip(v4, at), brought, `byte ${at}`)
})

test('one bit flipped in any byte of header and body of a quote v5, and in every fifteenth after', async () => {
  for (let at = 0; at < v5.length; at += at < 706 ? 1 : 15) await expectRefused(flip(v5, at), brought, `byte ${at}`)
})

// The middle of a signed document is sampled; its start, end and signature are not.
test.each(names)('one bit flipped in any byte of %s: only what is passed over may change', async (name) => {
  const i = names.indexOf(name)
  const good = brought[i] as Uint8Array
  const isJson = name === 'tcb-info' || name === 'qe-identity'
  // The signature's hex may be of either case (bit 5 of a letter), as Intel's is lower and others' upper: it says the same bytes.
  const isCase = (at: number): boolean => isJson && at > good.length - 131 && isLetter(good[at]) && at % 8 === 5
  for (let at = 0; at < good.length; at += isJson && at > 400 && at < good.length - 140 ? 5 : 1)
    if (!isCase(at)) await expectRefused(v4, swapped(i, flip(good, at)), `byte ${at}`)
})

const isLetter = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x61 && byte <= 0x66

test('a flip inside an event log is refused or replays to something else', async () => {
  const honest = (await verify(v4, [...brought, ccel], { now: file.now })).claims
  for (let at = 0; at < ccel.length; at++) {
    const log = flip(ccel, at)
    const code = await outcomeOf(async () => {
      const { claims } = await verify(v4, [...brought, log], { now: file.now })
      if (claims.kind !== 'tdx' || honest.kind !== 'tdx' || isPassedOver(at)) return
      expect(claims.eventLog?.replayed, `byte ${at}`).not.toEqual(honest.eventLog?.replayed)
    })
    if (code.startsWith('untyped')) expect.fail(`byte ${at}: ${code}`)
  }
})

// Of a firmware log only registers and digests are extended: what events say of themselves, their type, and the header's
// register, digest and versions are words that no register proves. The second event informs and is not extended at all, so
// that the first may also claim its bytes.
const HEADER_BYTES = 65
const EVENT_BYTES = 70
function isPassedOver(at: number): boolean {
  if (at < HEADER_BYTES) return true
  const [event, offset] = [Math.floor((at - HEADER_BYTES) / EVENT_BYTES), (at - HEADER_BYTES) % EVENT_BYTES]
  return event > 0 || (offset >= 4 && offset < 8) || offset >= 62
}

test('every prefix of the quotes and of each endorsement', async () => {
  for (let size = 0; size < v4.length; size += size < 1258 ? 1 : 5)
    await expectRefused(v4.slice(0, size), brought, `${size}`)
  for (let size = 0; size < v5.length; size += 11) await expectRefused(v5.slice(0, size), brought, `v5, ${size}`)
  for (const [i, good] of brought.entries())
    for (let size = 0; size < good.length; size += isLong(good) ? 3 : 1) {
      if (names[i] === 'tcb-chain' && isWholeChain(good, size)) continue
      await expectRefused(v4, swapped(i, good.slice(0, size)), `${names[i]}, ${size}`)
    }
})

// A chain is whole without its last line end, and without the root, which is pinned anyway.
const isLong = (bytes: Uint8Array): boolean => bytes.length > 1000
const END = '-----END CERTIFICATE-----'
const isWholeChain = (chain: Uint8Array, size: number): boolean =>
  new TextDecoder().decode(chain.subarray(0, size)).trimEnd().endsWith(END)

test('random splices: parts of one put into another', async () => {
  const parts = [v4, v5, ccel, runtime, ...brought]
  const splice = fc.tuple(fc.nat(3), fc.nat(parts.length - 1), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 400 }))
  await fc.assert(
    fc.asyncProperty(splice, async ([into, from, at, source, count]) => {
      const target = (into < 2 ? [v4, v5][into] : brought[into]) as Uint8Array
      const donor = parts[from] as Uint8Array
      const start = at % target.length
      const taken = donor.subarray(source % donor.length, (source % donor.length) + count)
      const changed = concat(target.subarray(0, start), taken, target.subarray(start + taken.length))
      if (Buffer.compare(changed, target) === 0) return
      if (into < 2) await expectRefused(changed, brought, `quote at ${start}`)
      else await expectRefused(v4, swapped(into, changed), `${names[into]} at ${start}`)
    }),
    { seed: SEED, numRuns: 1500 },
  )
})

test('random bytes are typed errors, for the words too', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.uint8Array({ maxLength: 500 }), async (a, b) => {
      await expectRefused(a, [b], 'bytes')
      await expectRefused(v4, [...brought, b], 'endorsement')
      const header = concat(v4.subarray(0, 48), a)
      for (const bytes of [a, header]) expect(await outcomeOf(async () => describeTdx(bytes))).toMatch(/^tdx\//)
    }),
    { seed: SEED, numRuns: 300 },
  )
})

const large = 10 << 20
const hostile: readonly (readonly [string, () => { quote?: Uint8Array; more: readonly Uint8Array[] }])[] = [
  ['a quote of ten megabytes', () => ({ quote: concat(v4, new Uint8Array(large)), more: [] })],
  ['ten megabytes of JSON', () => ({ more: [utf8(`{"tcbInfo":"${'a'.repeat(large)}","signature":""}`)] })],
  ['a quarter of a megabyte of one text', () => ({ more: [utf8(`{"tcbInfo":"${'a'.repeat(1 << 18)}`)] })],
  ['ten megabytes of brackets', () => ({ more: [utf8('['.repeat(large))] })],
  ['a quarter of a megabyte of brackets', () => ({ more: [utf8(`{"tcbInfo":${'['.repeat(200_000)}`)] })],
  ['ten thousand keys', () => ({ more: [utf8(`{${Array.from({ length: 10_000 }, (_, i) => `"k${i}":0`).join()}}`)] })],
  ['ten thousand certificates', () => ({ more: [pemOf('CERTIFICATE', ...new Array(10_000).fill(blob('root')))] })],
  ['a thousand endorsements', () => ({ more: new Array(1000).fill(blob('root')) })],
  ['four megabytes of zeros, sixty times', () => ({ more: new Array(50).fill(new Uint8Array(4 << 20)) })],
  ['ten megabytes of list', () => ({ more: [concat(Uint8Array.of(0x30, 0x83, 0xa0, 0, 0), new Uint8Array(large))] })],
  ['a firmware log of a million events', () => ({ more: [concat(ccel.subarray(0, 65), ...manyEvents())] })],
  ['a guest’s log of ten thousand levels', () => ({ more: [utf8('['.repeat(10_000))] })],
]

const manyEvents = (): readonly Uint8Array[] => new Array(50_000).fill(ccel.subarray(65, 135))

test.each(hostile)('hostile size, refused at once: %s', async (name, make) => {
  const { quote = v4, more } = make()
  const cpuSeconds = cpuClock()
  await expectRefused(quote, [...brought, ...more], name)
  expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
})

test('empty lines behind the chain are the one thing nobody signs, and are bounded', async () => {
  const longer = (count: number): Uint8Array => {
    const quote = concat(v4.subarray(0, -1), new Uint8Array(count).fill(0x0a))
    const view = new DataView(quote.buffer)
    // Sizes of the signature data, of its certification data, and of the chain in that.
    for (const at of [632, 766, 1254]) view.setUint32(at, view.getUint32(at, true) + count - 1, true)
    return quote
  }
  expect(await outcome(longer(3), brought)).toBe('accepted')
  expect(await outcome(longer(1 << 15), brought)).toBe('tdx/bad-quote')
})

test('more than four megabytes are not looked at, even where each would be good', async () => {
  const padded = concat(ccel, new Uint8Array(1 << 20).fill(0xff))
  expect(await outcome(v4, [...brought, padded])).toBe('accepted')
  const longer = concat(ccel, new Uint8Array(1 << 22).fill(0xff))
  expect(await outcome(v4, [...brought, longer])).toBe('tdx/bad-endorsement')
})

test('strict JSON agrees with JSON.parse on whatever it takes', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      const bytes = utf8(text)
      let value: unknown
      try {
        value = parseStrictJson(bytes, 1 << 16)
      } catch {
        return
      }
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)))
    }),
    { seed: SEED, numRuns: 2000 },
  )
})

test('a log in JSON that is no list of events is a typed error', async () => {
  for (const text of ['[]x', '[1]', '[{}]', '[null]', '[[]]', '[{"imr":0}]'])
    expect(await outcomeOf(async () => parseRuntimeEvents(utf8(text)))).toBe('tdx/bad-event-log')
})
