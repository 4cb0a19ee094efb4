import { readFileSync } from 'node:fs'
import { concat, fromUtf8, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptedOf } from '../../testing/acceptedOf.ts'
import { codeOf } from '../../testing/codeOf.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../../testing/cpuClock.ts'
import type { VectorFile } from '../../testing/runVectors.ts'
import { verifyRim } from './verifyRim.ts'

const SEED = 20_261_125
const file = JSON.parse(readFileSync(new URL('../../vectors/rim.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name = ''): Uint8Array => new Uint8Array(Buffer.from(file.blobs[name] ?? '', 'base64'))
const [driver, vbios] = file.cases.map((c) => blob(c.evidence)) as [Uint8Array, Uint8Array]
const root = blob(file.roots[0])
const verdict = (xml: Uint8Array): Promise<string> => codeOf(() => verifyRim(xml, { now: file.now, root }))
const LINE_END = 0x0a

describe('a manifest that was changed', () => {
  test('no flipped bit is accepted, in any byte', async () => {
    expect(await verdict(driver)).toBe('accepted')
    const flip = (i: number): Uint8Array => driver.with(i, (driver[i] ?? 0) ^ (1 << (i % 8)))
    // Not even in what is not signed: KeyInfo has one form, its certificates are signed, its root is the pinned one.
    expect(await acceptedOf(driver.length, (i) => verdict(flip(i)))).toEqual([])
  })

  test('no prefix is accepted but the one without the line end that no signature covers', async () => {
    expect(driver.at(-1)).toBe(LINE_END)
    const accepted = await acceptedOf(driver.length, (i) => verdict(driver.subarray(0, i)))
    expect(accepted).toEqual([driver.length - 1])
  })

  test('no splice of two manifests is accepted', async () => {
    const at = (of: Uint8Array) => fc.nat(of.length)
    await fc.assert(
      fc.asyncProperty(at(driver), at(vbios), at(driver), async (a, b, c) => {
        const spliced = concat(driver.subarray(0, a), vbios.subarray(b), driver.subarray(c))
        const isSame = [driver, vbios].some(
          (of) => fromUtf8(of).trimEnd() === Buffer.from(spliced).toString().trimEnd(),
        )
        if (!isSame) expect(await verdict(spliced)).not.toBe('accepted')
      }),
      { seed: SEED, numRuns: 800 },
    )
  })

  test('no byte put in, left out or moved is accepted, but line ends at the end', async () => {
    const edit = fc.record({ at: fc.nat(driver.length), out: fc.nat(4), in: fc.uint8Array({ maxLength: 4 }) })
    await fc.assert(
      fc.asyncProperty(edit, async ({ at, out, in: put }) => {
        const changed = concat(driver.subarray(0, at), put, driver.subarray(at + out))
        const isSame = Buffer.from(changed).toString().replace(/\n+$/, '') === fromUtf8(driver).replace(/\n+$/, '')
        if (!isSame) expect(await verdict(changed)).not.toBe('accepted')
      }),
      { seed: SEED, numRuns: 800 },
    )
  })

  test('what two texts of one canonical form may differ in is the order of attributes, and line ends at the end', async () => {
    const text = fromUtf8(driver)
    const reordered = text.replace(/(corpus="[^"]*") (name="[^"]*")/, '$2 $1')
    expect(reordered).not.toBe(text)
    expect(await verdict(utf8(`${reordered}\n\n`))).toBe('accepted')
  })
})

describe('a manifest made to hurt', () => {
  const of = (sizeBytes: number, unit: string, end = ''): Uint8Array =>
    utf8(unit.repeat(Math.floor((sizeBytes - end.length) / unit.length)) + end)
  const LIMIT = 256 << 10
  test.each([
    ['10 MB of elements', of(10 << 20, '<a/>')],
    ['10 MB of depth', of(10 << 20, '<a>')],
    ['depth within the limit', of(LIMIT, '<a>')],
    ['elements within the limit', utf8(`<a>${'<b/>'.repeat(60_000)}</a>`)],
    ['attributes within the limit', utf8(`<a${' b=""'.repeat(50_000)}/>`)],
    ['a name within the limit', of(LIMIT, '<aaaaaaaa')],
    ['one long name', utf8(`<${'a'.repeat(LIMIT - 16)}`)],
    ['a name of many dots', utf8(`<a ${'a.-_'.repeat(60_000)}`)],
    ['one long value that does not end', utf8(`<a b="${'c'.repeat(LIMIT - 16)}`)],
    ['one long text', utf8(`<a>${'b'.repeat(LIMIT - 16)}`)],
    ['colons', of(LIMIT, '<a:')],
    ['declarations on each level', utf8(Array.from({ length: 16 }, (_, i) => `<a${namespaces(i)}>`).join(''))],
    ['entities that grow', utf8(`<!DOCTYPE a [${'<!ENTITY b "&c;&c;">'.repeat(10_000)}]><a>&b;</a>`)],
    ['zeros', new Uint8Array(LIMIT)],
  ])('%s is refused at once', async (_, xml) => {
    const cpuSeconds = cpuClock()
    expect(await verdict(xml)).toMatch(/^rim\/(too-large|bad-xml)$/)
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })

  function namespaces(level: number): string {
    return Array.from({ length: 60 }, (_, i) => ` xmlns:n${level}-${i}="urn:a"`).join('')
  }

  test('nothing larger than any manifest is parsed', async () => {
    const text = (sizeBytes: number) => utf8(`<a>${'b'.repeat(sizeBytes - 7)}</a>`)
    expect(await verdict(text(10 << 20))).toBe('rim/too-large')
    expect(await verdict(text(LIMIT + 1))).toBe('rim/too-large')
    expect(await verdict(text(LIMIT))).toBe('rim/profile-not-supported')
  })

  test('hundreds of certificates, and thousands, are refused at once', async () => {
    const one = /<ds:X509Certificate>[^<]*<\/ds:X509Certificate>/
    const text = fromUtf8(driver)
    const cpuSeconds = cpuClock()
    const empty = text.replace(one, '<ds:X509Certificate></ds:X509Certificate>'.repeat(5000))
    expect(await verdict(utf8(empty))).toBe('rim/too-large')
    expect(await verdict(utf8(text.replace(one, (match) => match.repeat(300))))).toBe('rim/profile-not-supported')
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })

  test('any bytes end in a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await verdict(bytes)).toMatch(/^rim\//)
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })
})
