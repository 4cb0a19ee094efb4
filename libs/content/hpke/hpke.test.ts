import { fromHex, type Hex, Secret, toHex, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { codeOf, vectorsOf } from '../testing/vectors.ts'
import { hpkeOpen, hpkeSeal, newHpkeKey } from './hpke.ts'

type Vector = { seed: Hex; publicKey: Hex; info: Hex; aad: Hex; plaintext: Hex; enc: Hex; ciphertext: Hex }
const { good, bad } = vectorsOf<{ good: Vector[]; bad: (Vector & { name: string })[] }>('hpke')

const seed = (v: Vector): Secret => new Secret(fromHex(v.seed))
const openVector = (v: Vector) => hpkeOpen(seed(v), fromHex(v.info), fromHex(v.aad), v)

describe('HPKE', () => {
  it('has all its vectors', () => expect([good.length, bad.length]).toEqual([1, 8]))

  it.each(good)('opens what was sealed to the key of a seed', async (vector) => {
    expect((await newHpkeKey(seed(vector))).publicKey).toBe(vector.publicKey)
    expect(toHex((await openVector(vector)).expose())).toBe(vector.plaintext)
  })

  it.each(bad)('does not open with $name: content/wrap-unopened', async (vector) => {
    expect(await codeOf(() => openVector(vector))).toBe('content/wrap-unopened')
  })

  it('seals freshly each time, to the key alone', async () => {
    const [key, other] = [await newHpkeKey(), await newHpkeKey()]
    const [info, aad, message] = [utf8('info'), utf8('aad'), utf8('message')]
    const sealed = await hpkeSeal(key.publicKey, info, aad, message)
    expect((await hpkeOpen(key.secret, info, aad, sealed)).expose()).toEqual(message)
    expect((await hpkeSeal(key.publicKey, info, aad, message)).enc).not.toBe(sealed.enc)
    expect(await codeOf(() => hpkeOpen(other.secret, info, aad, sealed))).toBe('content/wrap-unopened')
  })

  it('seals views into larger buffers as what they show', async () => {
    const key = await newHpkeKey()
    const large = utf8('..message..')
    const sealed = await hpkeSeal(key.publicKey, large.subarray(0, 2), large.subarray(9), large.subarray(2, 9))
    expect((await hpkeOpen(key.secret, utf8('..'), utf8('..'), sealed)).expose()).toEqual(utf8('message'))
  })

  it('refuses keys of other sizes: content/bad-hpke-key', async () => {
    const sealed = { enc: '0x', ciphertext: '0x' } as const
    const none = new Uint8Array()
    expect(await codeOf(() => newHpkeKey(new Secret(new Uint8Array(31))))).toBe('content/bad-hpke-key')
    expect(await codeOf(() => hpkeSeal('0x00', none, none, none))).toBe('content/bad-hpke-key')
    expect(await codeOf(() => hpkeOpen(new Secret(new Uint8Array(33)), none, none, sealed))).toBe(
      'content/bad-hpke-key',
    )
  })
})
