import { concat, type Hex, toHex } from '@allod/protocol'
import { nodeCrypto } from './platform.ts'

/** SHA-256 of bulk bytes by the fastest means of the platform; synchronous in Node, a promise in browsers. */
export function digestOf(bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
  return nodeCrypto === null ? webDigest(bytes) : nodeCrypto.hash('sha256', bytes, 'buffer')
}

/** SHA-256 in pieces. */
export type Hasher = { update(bytes: Uint8Array): void; digest(): Promise<Hex> }

/** A running SHA-256. WebCrypto cannot hash in pieces, so in browsers the pieces are kept until `digest`. */
export function newHasher(): Hasher {
  return nodeCrypto === null ? webHasher() : nodeHasher(nodeCrypto)
}

function nodeHasher(crypto: typeof import('node:crypto')): Hasher {
  const hash = crypto.createHash('sha256')
  return { update: (bytes) => void hash.update(bytes), digest: async () => toHex(hash.digest()) }
}

/** The browser's hasher, exported so that Node tests it too. */
export function webHasher(): Hasher {
  const pieces: Uint8Array[] = []
  return {
    update: (bytes) => void pieces.push(Uint8Array.from(bytes)),
    digest: async () => toHex(await webDigest(concat(...pieces))),
  }
}

/** The browser's digest, exported so that Node tests it too. */
export async function webDigest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
}
