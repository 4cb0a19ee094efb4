import { fromHex, type Hex, type Sealed, Secret, toHex } from '@allod/protocol'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { fail } from '../errors.ts'

/**
 * An X-Wing key: ML-KEM-768 with X25519, so that what is recorded today stays closed to a later quantum computer. The secret
 * is the 32-byte seed.
 */
export type HpkeKey = { readonly publicKey: Hex; readonly secret: Secret }

export const HPKE_PUBLIC_BYTES = 1216
const SEED_BYTES = 32
const ENC_BYTES = 1120

const kem = new XWing()
const suite = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** A fresh key, or the key of a 32-byte seed, which it keeps. @throws content/bad-hpke-key */
export async function newHpkeKey(
  seed = new Secret(crypto.getRandomValues(new Uint8Array(SEED_BYTES))),
): Promise<HpkeKey> {
  if (seed.expose().length !== SEED_BYTES) throw fail('bad-hpke-key', { expected: SEED_BYTES })
  // The first import also readies the KEM's primitives, which the derivation takes for granted.
  await kem.importKey('raw', seed.expose().slice().buffer, false)
  const pair = await kem.generateKeyPairDerand(seed.expose().slice())
  return { publicKey: toHex(new Uint8Array(await kem.serializePublicKey(pair.publicKey))), secret: seed }
}

/**
 * Seals bytes to a public key: HPKE base mode, X-Wing, HKDF-SHA256, AES-256-GCM, one message per encapsulation.
 * @throws content/bad-hpke-key
 */
export async function hpkeSeal(
  publicKey: Hex,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Sealed> {
  if (publicKey.length !== 2 + 2 * HPKE_PUBLIC_BYTES)
    throw fail('bad-hpke-key', { expected: HPKE_PUBLIC_BYTES, actual: (publicKey.length - 2) / 2 })
  const recipientPublicKey = await kem.importKey('raw', fromHex(publicKey).buffer)
  const sender = await suite.createSenderContext({ recipientPublicKey, info: plain(info) })
  const ciphertext = await sender.seal(plain(plaintext), plain(aad))
  return { enc: toHex(new Uint8Array(sender.enc)), ciphertext: toHex(new Uint8Array(ciphertext)) }
}

/**
 * Opens what was sealed to this key under the same info and aad.
 * @throws content/wrap-unopened whatever differs, content/bad-hpke-key
 */
export async function hpkeOpen(key: Secret, info: Uint8Array, aad: Uint8Array, sealed: Sealed): Promise<Secret> {
  if (key.expose().length !== SEED_BYTES) throw fail('bad-hpke-key', { expected: SEED_BYTES })
  const enc = fromHex(sealed.enc)
  if (enc.length !== ENC_BYTES) throw fail('wrap-unopened', { expected: ENC_BYTES, actual: enc.length })
  try {
    const recipientKey = await kem.importKey('raw', key.expose().slice().buffer, false)
    const recipient = await suite.createRecipientContext({ recipientKey, info: plain(info), enc })
    return new Secret(new Uint8Array(await recipient.open(fromHex(sealed.ciphertext), plain(aad))))
  } catch (cause) {
    throw fail('wrap-unopened', { cause })
  }
}

// The library reads whole buffers; a view into a larger one must be copied out first.
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)
