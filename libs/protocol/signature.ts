import { secp256k1 } from '@noble/curves/secp256k1.js'
import { errorsOf } from './AllodError.ts'
import { concat, fromHex, type Hex, toHex } from './bytes.ts'
import { keccak256 } from './hash.ts'
import { Secret } from './Secret.ts'

const fail = errorsOf('protocol', {
  'bad-signature': ['a signature is malformed or not in low-s form', 'ask its signer to sign again'],
  'wrong-signer': ['a signature is by somebody else', 'check who should have signed and over which bytes'],
})

/** A secp256k1 signing key and the address it signs for. */
export type SigningKey = { readonly address: Hex; readonly secret: Secret }

/** A fresh signing key. @param random 32 bytes of randomness, taken from the platform unless given */
export function newSigningKey(random: Uint8Array = secp256k1.utils.randomSecretKey()): SigningKey {
  return { address: addressOf(secp256k1.getPublicKey(random, false)), secret: new Secret(random) }
}

/** Signs a 32-byte digest: r ‖ s ‖ v, 65 bytes, low-s, v = 27 or 28, as the chain's ecrecover takes it. */
export function signDigest(key: SigningKey, digest: Uint8Array): Hex {
  const signature = secp256k1.sign(digest, key.secret.expose(), { prehash: false, lowS: true, format: 'recovered' })
  return toHex(concat(signature.subarray(1), Uint8Array.of(27 + (signature[0] as number))))
}

/**
 * The address that signed the digest.
 * @throws protocol/bad-signature for a wrong length, high s, or v other than 27 and 28
 */
export function recoverSigner(digest: Uint8Array, signature: Hex): Hex {
  let publicKey: Uint8Array
  try {
    const bytes = fromHex(signature, 65)
    const v = bytes[64] as number
    if (v !== 27 && v !== 28) throw new RangeError('v is not 27 or 28')
    const parsed = secp256k1.Signature.fromBytes(bytes.subarray(0, 64), 'compact')
    if (parsed.hasHighS()) throw new RangeError('s is high')
    publicKey = parsed
      .addRecoveryBit(v - 27)
      .recoverPublicKey(digest)
      .toBytes(false)
  } catch (cause) {
    throw fail('bad-signature', { cause })
  }
  return addressOf(publicKey)
}

/** Refuses a signature by anyone but `signer`. @throws protocol/wrong-signer, protocol/bad-signature */
export function requireSigner(digest: Uint8Array, signature: Hex, signer: Hex): void {
  const actual = recoverSigner(digest, signature)
  if (actual !== signer) throw fail('wrong-signer', { expected: signer, actual })
}

function addressOf(uncompressed: Uint8Array): Hex {
  return toHex(keccak256(uncompressed.subarray(1)).subarray(12))
}
