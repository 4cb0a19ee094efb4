import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAllodError } from './AllodError.ts'
import { fromHex, type Hex, toHex, utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'
import { Secret } from './Secret.ts'
import { newSigningKey, recoverSigner, requireSigner, signDigest } from './signature.ts'

const key = newSigningKey(new Uint8Array(32).fill(7))
const digest = sha256(utf8('what is signed'))
const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('signatures', () => {
  test('name their signer', () => {
    expect(recoverSigner(digest, signDigest(key, digest))).toBe(key.address)
  })

  test('refuse the high-s twin of a good one', () => {
    const good = fromHex(signDigest(key, digest))
    const s = BigInt(toHex(good.slice(32, 64)))
    const twin = good.slice()
    twin.set(fromHex(`0x${(curveOrder - s).toString(16).padStart(64, '0')}`), 32)
    twin[64] = good[64] === 27 ? 28 : 27
    expect(() => recoverSigner(digest, toHex(twin))).toThrow(
      expect.objectContaining({ code: 'protocol/bad-signature' }),
    )
  })

  test('never name the signer once a byte is changed', () => {
    const good = fromHex(signDigest(key, digest))
    fc.assert(
      fc.property(fc.nat(64), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = good.slice()
        bad[at] = (bad[at] as number) ^ flip
        try {
          requireSigner(digest, toHex(bad), key.address)
        } catch (e) {
          return isAllodError(e, 'protocol/bad-signature') || isAllodError(e, 'protocol/wrong-signer')
        }
        return false
      }),
    )
  })

  test('refuse another length', () => {
    expect(() => recoverSigner(digest, '0x00' as Hex)).toThrow(
      expect.objectContaining({ code: 'protocol/bad-signature' }),
    )
  })
})

describe('secrets', () => {
  test('print as [secret] wherever they go', () => {
    const secret = new Secret(utf8('hunter2'))
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('[secret] {"secret":"[secret]"}')
  })

  test('are gone once erased', () => {
    const bytes = utf8('hunter2')
    const secret = new Secret(bytes)
    secret.erase()
    expect(bytes).toEqual(new Uint8Array(7))
    expect(() => secret.expose()).toThrow('erased')
  })
})
