import { concat, type Secret } from '@allod/protocol'
import { freeBytes } from './freeBytes.ts'
import { nodeCrypto } from './platform.ts'

/** Bytes that AES-GCM adds to what it seals. */
export const TAG_BYTES = 16

/** AES-256-GCM under one key. Nonces are the caller's duty. */
export type Aead = {
  /** Encrypts the pieces, in order, into `out`, which is exactly 16 bytes longer than they are. */
  seal(nonce: Uint8Array, aad: Uint8Array, pieces: readonly Uint8Array[], out: Uint8Array): void | Promise<void>
  /** The plaintext, or null where the tag is wrong. */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null | Promise<Uint8Array | null>
}

/** The platform's AES-256-GCM for a 32-byte key. */
export function newAead(key: Uint8Array): Aead {
  return nodeCrypto === null ? webAead(key) : nodeAead(nodeCrypto, key)
}

/** Under a key that is erased: the platform keeps its own. */
export function aeadUnder(key: Secret): Aead {
  try {
    return newAead(key.expose())
  } finally {
    key.erase()
  }
}

// Node allocates the output of each update; pieces of this size come from memory that is still in the cache.
const STEP = 1 << 16

/** AES-256-GCM by node:crypto. */
export function nodeAead(crypto: typeof import('node:crypto'), keyBytes: Uint8Array): Aead {
  // As an object, the key is not parsed again for every chunk.
  const key = crypto.createSecretKey(keyBytes)
  return {
    seal(nonce, aad, pieces, out) {
      const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(aad)
      let at = 0
      for (const piece of pieces)
        for (let from = 0; from < piece.length; from += STEP) {
          const part = cipher.update(piece.subarray(from, from + STEP))
          out.set(part, at)
          at += part.length
          freeBytes(part)
        }
      cipher.final()
      out.set(cipher.getAuthTag(), at)
    },
    open(nonce, aad, sealed) {
      if (sealed.length < TAG_BYTES) return null
      const decipher = crypto.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(aad)
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
      const plaintext = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES))
      try {
        decipher.final()
      } catch {
        plaintext.fill(0)
        return null
      }
      return plaintext
    },
  }
}

/** AES-256-GCM by WebCrypto. */
export function webAead(key: Uint8Array): Aead {
  const imported = crypto.subtle.importKey('raw', plain(key), 'AES-GCM', false, ['encrypt', 'decrypt'])
  const parameters = (nonce: Uint8Array, aad: Uint8Array) => ({
    name: 'AES-GCM',
    iv: plain(nonce),
    additionalData: plain(aad),
  })
  return {
    async seal(nonce, aad, pieces, out) {
      const whole = pieces.length === 1 ? plain(pieces[0] as Uint8Array) : concat(...pieces)
      out.set(new Uint8Array(await crypto.subtle.encrypt(parameters(nonce, aad), await imported, whole)))
    },
    async open(nonce, aad, sealed) {
      try {
        return new Uint8Array(await crypto.subtle.decrypt(parameters(nonce, aad), await imported, plain(sealed)))
      } catch {
        return null
      }
    },
  }
}

// WebCrypto's types ask for an ArrayBuffer that is not shared; ours never are.
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>
