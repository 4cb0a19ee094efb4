import * as crypto from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeAead, TAG_BYTES, webAead } from './aead.ts'
import { newHasher, webDigest, webHasher } from './digest.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe('AES-GCM of Node and of browsers', () => {
  it('seal alike and open each other’s, however the plaintext is cut', async () => {
    const inputs = fc.tuple(
      bytes(32),
      bytes(12),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.uint8Array({ maxLength: 300 })),
    )
    await fc.assert(
      fc.asyncProperty(inputs, async ([key, nonce, aad, pieces]) => {
        const length = pieces.reduce((sum, p) => sum + p.length, 0)
        const [byNode, byWeb] = [new Uint8Array(length + TAG_BYTES), new Uint8Array(length + TAG_BYTES)]
        const [node, web] = [nodeAead(crypto, key), webAead(key)]
        await node.seal(nonce, aad, pieces, byNode)
        await web.seal(nonce, aad, pieces, byWeb)
        expect(byWeb).toEqual(byNode)
        expect(Buffer.from((await web.open(nonce, aad, byNode)) ?? [])).toEqual(Buffer.concat(pieces))
        expect(Buffer.from((await node.open(nonce, aad, byWeb)) ?? [])).toEqual(Buffer.concat(pieces))
      }),
      { numRuns: 40 },
    )
  })

  it('open nothing that was changed or is too short', async () => {
    const [key, nonce, aad] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(1)]
    for (const aead of [nodeAead(crypto, key), webAead(key)]) {
      const sealed = new Uint8Array(10 + TAG_BYTES)
      await aead.seal(nonce, aad, [new Uint8Array(10)], sealed)
      for (const at of [0, 9, 10, 25]) {
        const changed = Uint8Array.from(sealed)
        changed[at] = (changed[at] as number) ^ 0x80
        expect(await aead.open(nonce, aad, changed)).toBeNull()
      }
      expect(await aead.open(nonce, aad, sealed.subarray(0, 15))).toBeNull()
      expect(await aead.open(nonce, new Uint8Array(2), sealed)).toBeNull()
    }
  })

  it('seal pieces longer than one step', async () => {
    const [key, nonce, aad, plaintext] = [
      new Uint8Array(32),
      new Uint8Array(12),
      new Uint8Array(),
      new Uint8Array(200_001),
    ]
    const [byNode, byWeb] = [new Uint8Array(200_017), new Uint8Array(200_017)]
    await nodeAead(crypto, key).seal(nonce, aad, [plaintext], byNode)
    await webAead(key).seal(nonce, aad, [plaintext], byWeb)
    expect(Buffer.compare(byNode, byWeb)).toBe(0)
  })
})

describe('SHA-256 of Node and of browsers', () => {
  it('agree, in one piece and in many', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }))
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const [node, web] = [newHasher(), webHasher()]
        for (const part of parts) {
          node.update(part)
          web.update(part)
        }
        const expected = `0x${crypto.createHash('sha256').update(Buffer.concat(parts)).digest('hex')}`
        expect([await node.digest(), await web.digest()]).toEqual([expected, expected])
        expect(`0x${Buffer.from(await webDigest(Buffer.concat(parts))).toString('hex')}`).toBe(expected)
      }),
    )
  })
})
