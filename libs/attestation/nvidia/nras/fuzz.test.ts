import { readFileSync } from 'node:fs'
import { concat, fromUtf8, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptedOf } from '../../testing/acceptedOf.ts'
import { codeOf } from '../../testing/codeOf.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../../testing/cpuClock.ts'
import type { VectorFile } from '../../testing/runVectors.ts'
import { describeNras } from './describeNras.ts'
import { verifyNras } from './verifyNras.ts'

const SEED = 20_261_125
const file = JSON.parse(readFileSync(new URL('../../vectors/nras.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name = ''): Uint8Array => new Uint8Array(Buffer.from(file.blobs[name] ?? '', 'base64'))
const named = (name: string): Uint8Array => blob(file.cases.find((c) => c.name === name)?.evidence)
const one = named('one GPU')
const three = named('two GPUs and a switch')
const keys = blob('jwks')
const root = blob(file.roots[0])
const verdict = (eat: Uint8Array, jwks = keys): Promise<string> =>
  codeOf(() => verifyNras(eat, { jwks, now: file.now, roots: [root] }))
const flip = (of: Uint8Array, i: number): Uint8Array => of.with(i, (of[i] ?? 0) ^ (1 << (i % 8)))

describe('an answer that was changed', () => {
  test('no flipped bit is accepted, in any byte', async () => {
    expect(await verdict(one)).toBe('accepted')
    expect(await acceptedOf(one.length, (i) => verdict(flip(one, i)))).toEqual([])
  })

  test('no flipped bit of the key set is accepted, in any byte', async () => {
    expect(await acceptedOf(keys.length, (i) => verdict(one, flip(keys, i)))).toEqual([])
  })

  test('no prefix is accepted, of the answer or of the key set', async () => {
    expect(await acceptedOf(one.length, (i) => verdict(one.subarray(0, i)))).toEqual([])
    expect(await acceptedOf(keys.length, (i) => verdict(one, keys.subarray(0, i)))).toEqual([])
  })

  test('no splice of two answers is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(one.length), fc.nat(three.length), fc.nat(one.length), async (a, b, c) => {
        const spliced = concat(one.subarray(0, a), three.subarray(b), one.subarray(c))
        const isSame = [one, three].some((of) => Buffer.from(of).equals(spliced))
        if (!isSame) expect(await verdict(spliced)).not.toBe('accepted')
      }),
      { seed: SEED, numRuns: 600 },
    )
  })

  // JSON's white space and the order of members are signed by nobody: tokens are, character by character.
  test('white space around the tokens is no change', async () => {
    expect(await verdict(utf8(JSON.stringify(JSON.parse(fromUtf8(three)), null, 2)))).toBe('accepted')
  })
})

describe('an answer made to hurt', () => {
  const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
  const many = (count: number, of: unknown): unknown[] => Array(count).fill(of)
  test.each([
    ['10 MB of text', json([['JWT', 'a'.repeat(10 << 20)], { 'GPU-0': 'b' }])],
    ['depth', utf8('['.repeat(100_000))],
    ['depth within the limit', utf8(`${'['.repeat(60_000)}${']'.repeat(60_000)}`)],
    ['objects within the limit', utf8('{"a":'.repeat(20_000))],
    ['thousands of devices', json([['JWT', 'a'], Object.fromEntries(many(9999, 0).map((_, i) => [`GPU-${i}`, 'a']))])],
    ['a token of dots', json([['JWT', '.'.repeat(100_000)], { 'GPU-0': 'b' }])],
    ['a token of one part', json([['JWT', 'e'.repeat(100_000)], { 'GPU-0': 'b' }])],
    ['a token of escapes', utf8(`[["JWT","${'\\u0061'.repeat(20_000)}"],{"GPU-0":"b"}]`)],
  ])('%s is refused at once', async (_, eat) => {
    const cpuSeconds = cpuClock()
    expect(await verdict(eat)).toBe('nras/bad-token')
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })

  test.each([
    ['10 MB', utf8(`{"keys":[${'0,'.repeat(5 << 20)}0]}`)],
    ['ten thousand keys', json({ keys: many(10_000, {}) })],
    [
      'ten thousand certificates',
      json({ keys: [{ ...JSON.parse(fromUtf8(keys)).keys[0], x5c: many(10_000, 'AAAA') }] }),
    ],
    [
      'a large certificate',
      json({ keys: [{ ...JSON.parse(fromUtf8(keys)).keys[0], x5c: many(2, 'A'.repeat(400_000)) }] }),
    ],
  ])('a key set of %s is refused at once', async (_, jwks) => {
    const cpuSeconds = cpuClock()
    expect(await verdict(one, jwks)).toMatch(/^nras\/bad-key(s|-chain)$/)
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })

  test('any bytes, and any JSON, end in a typed error or a description', async () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(utf8))
    await fc.assert(
      fc.asyncProperty(bytes, async (eat) => {
        expect(await verdict(eat)).toBe('nras/bad-token')
        expect(await codeOf(() => describeNras(eat))).toBe('nras/bad-token')
        expect(await verdict(one, eat)).toBe('nras/bad-keys')
      }),
      { seed: SEED, numRuns: 400 },
    )
  })

  test('whatever a token claims ends in a verdict', async () => {
    for (const { evidence } of file.cases)
      expect(await codeOf(() => describeNras(blob(evidence)))).toMatch(/^(accepted|nras\/.*)$/)
  })
})
