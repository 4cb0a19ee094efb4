import { readFileSync } from 'node:fs'
import { concat, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import { pemOf } from '../testing/pemOf.ts'
import { outcomeOf, type VectorFile } from '../testing/runVectors.ts'
import { encodeDer } from '../x509/encodeDer.ts'
import { describeSevSnp } from './describeSevSnp.ts'
import { sevSnpVerifier } from './verifySevSnp.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/sevsnp.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name: string): Uint8Array => {
  const text = file.blobs[name]
  if (text === undefined) throw new Error(`no blob ${name}`)
  return Uint8Array.from(Buffer.from(text, 'base64'))
}
const { verify } = sevSnpVerifier({ roots: file.roots.map(blob) })

const report = blob('v3-milan')
const names = ['vcek-milan', 'ask-milan', 'crl-milan', 'ark-milan'] as const
const brought = names.map(blob)
const tableCase = file.cases.find((c) => c.name === 'the host’s table, with everything')
const table = blob(tableCase?.endorsements[0] ?? '')
const pem = pemOf('CERTIFICATE', ...brought.slice(0, 2))

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
  expect(await outcome(report, brought)).toBe('accepted')
  expect(await outcome(report, [table])).toBe('accepted')
  expect(await outcome(report, [pem])).toBe('accepted')
})

test('one bit flipped in any byte of the report', async () => {
  for (let at = 0; at < report.length; at++) await expectRefused(flip(report, at), brought, `byte ${at}`)
})

test.each(names)('one bit flipped in any byte of %s', async (name) => {
  const i = names.indexOf(name)
  const good = brought[i] as Uint8Array
  for (let at = 0; at < good.length; at++) await expectRefused(report, swapped(i, flip(good, at)), `byte ${at}`)
})

test('one bit flipped in any byte of the host’s table: only what is passed over may change', async () => {
  // Google's launch endorsement is the last part and is not read: nothing in this verdict rests on it.
  const passedOver = 'a launch endorsement'.length
  const signed = table.length - passedOver
  for (let at = 0; at < signed; at += at < 200 ? 1 : 3) await expectRefused(report, [flip(table, at)], `byte ${at}`)
  for (let at = signed; at < table.length; at++) expect(await outcome(report, [flip(table, at)])).toBe('accepted')
})

test('one bit flipped in any byte of PEM', async () => {
  // Line ends may be LF or CRLF and the last may be missing, but no single flip makes one of the other.
  const last = pem.length - 1
  for (let at = 0; at < last; at += at < 200 ? 1 : 3)
    await expectRefused(report, [flip(pem, at), brought[2] as Uint8Array], `byte ${at}`)
})

test('every prefix of the report and of each endorsement', async () => {
  for (let size = 0; size < report.length; size++) await expectRefused(report.slice(0, size), brought, `${size}`)
  for (const [i, good] of brought.entries())
    for (let size = 0; size < good.length; size++)
      await expectRefused(report, swapped(i, good.slice(0, size)), `${names[i]}, ${size}`)
  for (let size = 0; size < table.length; size++) await expectRefused(report, [table.slice(0, size)], `table, ${size}`)
})

test('random splices: parts of one put into another', async () => {
  const parts = [report, table, ...brought]
  const splice = fc.tuple(
    fc.nat(5),
    fc.nat(5),
    fc.nat(5000),
    fc.nat(5000),
    fc.integer({ min: 1, max: 400 }),
    fc.nat(400),
  )
  await fc.assert(
    fc.asyncProperty(splice, async ([into, from, at, start, size, dropped]) => {
      const target = parts[into] as Uint8Array
      const source = parts[from] as Uint8Array
      const to = at % target.length
      const piece = source.slice(start % source.length, (start % source.length) + size)
      const made = concat(target.subarray(0, to), piece, target.subarray(to + dropped))
      if (Buffer.compare(made, target) === 0) return
      if (into === 0) await expectRefused(made, brought, 'report')
      else if (into > 1) await expectRefused(report, swapped(into - 2, made), names[into - 2] as string)
      // Splices of the table may fall in the part that is passed over.
      else expect(await outcome(report, [made])).not.toMatch(/^untyped/)
    }),
    { seed: 20261125, numRuns: 1500 },
  )
})

test('random bytes are described or refused, never a crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 0x2a0, maxLength: 0x2a0 }), async (bytes) => {
      const whole = new Uint8Array(0x4a0)
      whole.set(bytes)
      whole.set([(bytes[0] as number) % 6, 0, 0, 0])
      expect(await outcomeOf(async () => describeSevSnp(whole))).not.toMatch(/^untyped/)
    }),
    { seed: 20261125, numRuns: 500 },
  )
})

test('hostile sizes are refused in bounded time', async () => {
  const hostile: readonly (readonly [string, Uint8Array])[] = [
    ['10 MB of JSON', utf8(`{"a":"${'x'.repeat(10_000_000)}"}`)],
    ['10 MB of zeros in a sequence', encodeDer(0x30, new Uint8Array(10_000_000))],
    [
      'deep nesting',
      Array.from({ length: 3000 }).reduce<Uint8Array>((inner) => encodeDer(0x30, inner), new Uint8Array()),
    ],
    [
      'ten thousand certificates',
      pemOf('CERTIFICATE', ...Array.from({ length: 10_000 }, () => brought[0] as Uint8Array)),
    ],
    ['a 10 MB table', concat(table, new Uint8Array(10_000_000))],
    ['10 MB of PEM without end', utf8(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(10_000_000)}`)],
  ]
  for (const [what, bytes] of hostile) {
    const cpuSeconds = cpuClock()
    await expectRefused(report, [...brought, bytes], what)
    await expectRefused(bytes, brought, what)
    expect(cpuSeconds(), what).toBeLessThan(HOSTILE_CPU_SECONDS)
  }
  await expectRefused(
    report,
    Array.from({ length: 10_000 }, () => brought[0] as Uint8Array),
    'ten thousand blobs',
  )
})
