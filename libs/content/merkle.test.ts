import { fromHex, type Hex, toHex } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inclusionProof, leafAt, merkleRoot, requireInclusion } from './merkle.ts'
import { stream } from './reference/reference.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

const vectors = vectorsOf<{ count: number; root: Hex; proofs: Hex[][] }[]>('merkle')
const tableOf = (count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => stream(`leaf ${i}`, 32)))

describe('Merkle tree', () => {
  it('has all its vectors', () => expect(vectors.length).toBe(17))

  it.each(vectors)('has the root and the proofs of RFC 6962: $count leaves', ({ count, root, proofs }) => {
    const table = tableOf(count)
    expect(toHex(merkleRoot(table))).toBe(root)
    for (const [index, expected] of proofs.entries()) {
      const proof = inclusionProof(table, index)
      expect(proof.map(toHex)).toEqual(expected)
      requireInclusion(fromHex(root), { index, count, leaf: leafAt(table, index), proof })
    }
  })

  it('does not pad: n leaves and n leaves with the last repeated differ', () => {
    const three = tableOf(3)
    expect(merkleRoot(three)).not.toEqual(merkleRoot(Buffer.concat([three, leafAt(three, 2)])))
  })

  it('refuses a proof that was changed in any way: content/bad-proof', async () => {
    const table = tableOf(11)
    const root = merkleRoot(table)
    const index = fc.integer({ min: 0, max: 10 })
    await fc.assert(
      fc.asyncProperty(index, fc.integer({ min: 0, max: 5 }), fc.nat(), async (at, how, where) => {
        const proof = [...inclusionProof(table, at)]
        const claim = { index: at, count: 11, leaf: leafAt(table, at), proof }
        const step = where % proof.length
        if (how === 0) proof[step] = stream('other', 32)
        if (how === 1) proof.pop()
        if (how === 2) proof.push(stream('other', 32))
        if (how === 3) claim.index = (at + 1) % 11
        if (how === 4) claim.leaf = stream('other', 32)
        if (how === 5) proof[step] = (proof[step] as Uint8Array).subarray(1)
        expect(await codeOf(() => requireInclusion(root, claim))).toBe('content/bad-proof')
      }),
    )
  })

  it.each([-1, 11, 0.5, Number.NaN])('refuses the proof of leaf %d of 11', async (index) => {
    const table = tableOf(11)
    const claim = { index, count: 11, leaf: leafAt(table, 0), proof: inclusionProof(table, 0) }
    expect(await codeOf(() => requireInclusion(merkleRoot(table), claim))).toBe('content/bad-proof')
  })
})
