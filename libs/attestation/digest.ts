import { concat } from '@allod/protocol'

/**
 * A hash by the platform's own WebCrypto: a program that only verifies carries no hash of its own.
 * @example await digest('SHA-384', register, event)
 */
export async function digest(
  hash: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512',
  ...parts: readonly Uint8Array[]
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest(hash, concat(...parts)))
}
