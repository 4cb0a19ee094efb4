import { fromHex, type Hex, Secret, toHex } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { TAG_BYTES } from './aead.ts'
import { packRef } from './blob.ts'
import { newChunkCipher } from './chunkCipher.ts'
import { digestOf } from './digest.ts'
import { encodeHeader, parseHeader } from './header.ts'
import { chunkCountOf, chunkLengthOf, packChunks, packCountOf, sealedChunkBytes } from './layout.ts'
import { LEAF_BYTES, merkleRoot } from './merkle.ts'
import { objectIdOf } from './objectId.ts'
import { objectKeys, requireKey } from './objectKeys.ts'
import { stream } from './reference/reference.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

type ObjectVector = {
  name: string
  dek: Hex
  salt: Hex
  chunkLog2: number
  plaintext: { seed: string; length: number }
  owner: Hex
  policyHash: Hex
  header: Hex
  objectId: Hex
  leafTable: Hex
  packs: Hex[]
}
type ChunkVectors = {
  dek: Hex
  header: Hex
  plaintext: { seed: string; length: number }
  leaves: Hex[]
  last: Hex
  bad: ({ name: string; index: number; isLast: boolean } & ({ sealed: Hex } | { leaf: Hex }))[]
}

const objects = vectorsOf<ObjectVector[]>('objects')
const chunks = vectorsOf<ChunkVectors>('chunks')

/** All chunks of a vector's object, sealed by the library. */
async function sealAll(
  dek: Hex,
  { salt, chunkLog2, plaintext }: Pick<ObjectVector, 'salt' | 'chunkLog2' | 'plaintext'>,
) {
  const content = stream(plaintext.seed, plaintext.length)
  const keys = await objectKeys(new Secret(fromHex(dek)), fromHex(salt))
  const start = { chunkLog2, isPadded: false, salt: fromHex(salt), keyCommitment: keys.keyCommitment }
  const cipher = newChunkCipher(keys, start)
  const cut = { chunkLog2, lengthBytes: content.length }
  const sealed: Uint8Array[] = []
  for (let i = 0, at = 0; i < chunkCountOf(cut); i++) {
    const piece = content.subarray(at, at + chunkLengthOf(cut, i))
    const out = new Uint8Array(piece.length + TAG_BYTES)
    await cipher.seal(i, i === chunkCountOf(cut) - 1, [piece.subarray(0, 10), piece.subarray(10)], out)
    sealed.push(out)
    at += piece.length
  }
  const leaves = Buffer.concat(await Promise.all(sealed.map(digestOf)))
  return { sealed, leaves, cut, header: { ...start, ...cut, root: merkleRoot(leaves) }, cipher }
}

describe('object', () => {
  it('has all its vectors', () => expect([objects.length, chunks.bad.length]).toEqual([6, 11]))

  it.each(objects)('is sealed as the reference seals it: $name', async (vector) => {
    const { leaves, cut, header } = await sealAll(vector.dek, vector)
    expect(toHex(await digestOf(leaves))).toBe(vector.leafTable)
    expect(toHex(encodeHeader(header))).toBe(vector.header)
    expect(objectIdOf(encodeHeader(header), vector.owner, vector.policyHash)).toBe(vector.objectId)
    const packs = Array.from({ length: packCountOf(cut) }, (_, pack) => {
      const { first, end } = packChunks(cut, pack)
      return packRef(sealedChunkBytes(cut), leaves.subarray(first * LEAF_BYTES, end * LEAF_BYTES)).digest
    })
    expect(packs).toEqual(vector.packs)
  })

  it('has another id under another owner or another policy', () => {
    const { header, owner, policyHash, objectId } = objects[0] as ObjectVector
    const other = (hex: Hex): Hex => `${hex.slice(0, -2)}00` as Hex
    expect(objectIdOf(fromHex(header), other(owner), policyHash)).not.toBe(objectId)
    expect(objectIdOf(fromHex(header), owner, other(policyHash))).not.toBe(objectId)
  })

  it('refuses another key: content/wrong-key', async () => {
    const { header } = objects[0] as ObjectVector
    expect(await codeOf(() => requireKey(new Secret(new Uint8Array(32)), parseHeader(fromHex(header))))).toBe(
      'content/wrong-key',
    )
  })
})

describe('chunk', () => {
  const header = parseHeader(fromHex(chunks.header))
  const vector = { salt: toHex(header.salt), chunkLog2: header.chunkLog2, plaintext: chunks.plaintext }

  it('opens at its own place', async () => {
    const { sealed, cipher } = await sealAll(chunks.dek, vector)
    expect(toHex(sealed[2] as Uint8Array)).toBe(chunks.last)
    const content = stream(chunks.plaintext.seed, chunks.plaintext.length)
    for (const [i, chunk] of sealed.entries())
      expect(Buffer.compare(await cipher.open(i, i === 2, chunk), content.subarray(i << 16, (i + 1) << 16))).toBe(0)
  })

  it.each(chunks.bad)('does not open when it is $name: content/chunk-unopened', async (bad) => {
    const { sealed, cipher } = await sealAll(chunks.dek, vector)
    const chunk = 'sealed' in bad ? fromHex(bad.sealed) : (sealed[chunks.leaves.indexOf(bad.leaf)] as Uint8Array)
    expect(await codeOf(() => cipher.open(bad.index, bad.isLast, chunk))).toBe('content/chunk-unopened')
  })

  it('is under another key in the next segment', async () => {
    const { cipher } = await sealAll(chunks.dek, vector)
    const sealAt = async (index: number): Promise<Uint8Array> => {
      const out = new Uint8Array(4 + TAG_BYTES)
      await cipher.seal(index, false, [new Uint8Array(4)], out)
      return out
    }
    const across = await sealAt(32_768)
    expect(await cipher.open(32_768, false, across)).toEqual(Buffer.alloc(4))
    expect(await codeOf(() => cipher.open(0, false, across))).toBe('content/chunk-unopened')
    expect(await cipher.open(32_767, false, await sealAt(32_767))).toEqual(Buffer.alloc(4))
  })
})
