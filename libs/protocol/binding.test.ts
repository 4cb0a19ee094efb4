import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BoundFacts, devicesHash, gpuNonce, noncesHash, reportData } from './binding.ts'
import { toHex } from './bytes.ts'
import { fill } from './testing/samples.ts'

const nonces = [1, 2, 3].map((n) => ({ id: fill(32, n), nonce: fill(32, 10 + n) }))
const bound: BoundFacts = {
  role: 'grant',
  nonces,
  hpkeKey: fill(1216, 1),
  signingAddress: fill(20, 2),
  tlsSpkiHash: null,
  devicesHash: devicesHash([]),
  buildDigest: fill(32, 3),
  specHash: fill(32, 4),
  chainId: '31337',
  market: fill(20, 5),
  order: fill(32, 6),
  generation: 1,
}
const changes: readonly Partial<BoundFacts>[] = [
  { role: 'client' },
  { nonces: nonces.slice(1) },
  { nonces: nonces.map((n) => ({ ...n, nonce: fill(32, 9) })) },
  { hpkeKey: fill(1216, 9) },
  { signingAddress: fill(20, 9) },
  { tlsSpkiHash: fill(32, 9) },
  { devicesHash: devicesHash([Uint8Array.of(1)]) },
  { buildDigest: fill(32, 9) },
  { specHash: fill(32, 9) },
  { chainId: '1' },
  { market: fill(20, 9) },
  { order: fill(32, 9) },
  { generation: 2 },
]

describe('report data', () => {
  test('is 64 bytes, other ones with every field changed', () => {
    const all = [bound, ...changes.map((change) => ({ ...bound, ...change }))].map((facts) => toHex(reportData(facts)))
    expect(new Set(all).size).toBe(all.length)
    expect(reportData(bound)).toHaveLength(64)
    // Every field of the facts is among the changes.
    expect(new Set(changes.flatMap(Object.keys))).toEqual(new Set(Object.keys(bound)))
  })
})

describe('nonces', () => {
  test('hash alike in any order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(nonces, { minLength: 3 }), (shuffled) => {
        expect(noncesHash(shuffled)).toBe(noncesHash(nonces))
      }),
    )
  })

  test('do not swap between verifiers', () => {
    const [a, b] = [fill(32, 1), fill(32, 2)]
    const one = noncesHash([
      { id: a, nonce: a },
      { id: b, nonce: b },
    ])
    const other = noncesHash([
      { id: a, nonce: b },
      { id: b, nonce: a },
    ])
    expect(one).not.toBe(other)
  })

  test('are bound into what a GPU is asked, with the enclave’s key', () => {
    const asked = [
      gpuNonce(nonces, bound.hpkeKey),
      gpuNonce(nonces.slice(1), bound.hpkeKey),
      gpuNonce(nonces, fill(1216, 9)),
    ]
    expect(new Set(asked).size).toBe(3)
  })
})

test('devices are bound in order, and where one ends the next begins', () => {
  const of = (...lists: readonly (readonly number[])[]) => devicesHash(lists.map((l) => Uint8Array.from(l)))
  expect(new Set([of(), of([]), of([1, 2]), of([1], [2]), of([2], [1])]).size).toBe(5)
})
