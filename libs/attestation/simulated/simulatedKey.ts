import { concat, fromBase64Url, fromHex, type Hex, toHex } from '@allod/protocol'

/** A signing key of the simulated world: P-256, as real attestation keys are. */
export type SimulatedKey = {
  /** Uncompressed point, 65 bytes. */
  readonly publicKey: Hex
  /** r ‖ s over SHA-256 of the message, 64 bytes, low-s. */
  sign(message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SHA256 = { name: 'ECDSA', hash: 'SHA-256' } as const
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** A fresh private key as PKCS #8, for its holder to store. */
export async function newSimulatedSecret(): Promise<Uint8Array<ArrayBuffer>> {
  const { privateKey } = await crypto.subtle.generateKey(P256, true, ['sign', 'verify'])
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey))
}

/** The key of a stored secret. */
export async function simulatedKey(pkcs8: Uint8Array<ArrayBuffer>): Promise<SimulatedKey> {
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, P256, true, ['sign'])
  const { x, y } = await crypto.subtle.exportKey('jwk', key)
  const point = concat(Uint8Array.of(4), fromBase64Url(x ?? ''), fromBase64Url(y ?? ''))
  return {
    publicKey: toHex(point),
    async sign(message) {
      const signature = new Uint8Array(await crypto.subtle.sign(SHA256, key, message))
      const s = scalar(signature)
      if (s > ORDER / 2n) signature.set(fromHex(`0x${(ORDER - s).toString(16).padStart(64, '0')}`, 32), 32)
      return signature
    },
  }
}

/** Whether the key signed the message; a signature has one form only, so one with a high s is refused. */
export async function isSignedBy(
  publicKey: Hex,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (signature.length !== 64 || scalar(signature) > ORDER / 2n) return false
  try {
    const key = await crypto.subtle.importKey('raw', fromHex(publicKey, 65), P256, false, ['verify'])
    return await crypto.subtle.verify(SHA256, key, signature, message)
  } catch {
    // Not a point of the curve: nobody signs with that.
    return false
  }
}

const scalar = (signature: Uint8Array): bigint => BigInt(toHex(signature.subarray(32)))
