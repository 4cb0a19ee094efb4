import { concat, equalBytes, Secret, u32, utf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** The keys that follow from an object's DEK and salt. */
export type ObjectKeys = {
  readonly keyCommitment: Uint8Array
  /** The key of chunks s·2^15 .. (s+1)·2^15 - 1. */
  segment(s: number): Promise<Secret>
  metadata(): Promise<Secret>
}

/** Derives with HKDF-SHA256; PRK = Extract(salt, DEK), each key an Expand under its own tag. */
export async function objectKeys(dek: Secret, salt: Uint8Array): Promise<ObjectKeys> {
  const prk = await crypto.subtle.importKey('raw', dek.expose(), 'HKDF', false, ['deriveBits'])
  const expand = async (info: Uint8Array): Promise<Uint8Array> => {
    const parameters = { name: 'HKDF', hash: 'SHA-256', salt: Uint8Array.from(salt), info: Uint8Array.from(info) }
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, prk, 256))
  }
  return {
    keyCommitment: await expand(utf8('allod/commit/v1')),
    segment: async (s) => new Secret(await expand(concat(utf8('allod/segment/v1'), u32(s)))),
    metadata: async () => new Secret(await expand(utf8('allod/meta/v1'))),
  }
}

/** Refuses a DEK that is not the one the header commits to. @throws content/wrong-key */
export async function requireKey(
  dek: Secret,
  header: { readonly salt: Uint8Array; readonly keyCommitment: Uint8Array },
): Promise<ObjectKeys> {
  const keys = await objectKeys(dek, header.salt)
  if (!equalBytes(keys.keyCommitment, header.keyCommitment)) throw fail('wrong-key')
  return keys
}
