import {
  canonicalise,
  concat,
  fromHex,
  type Hex,
  type Json,
  parseCanonical,
  type Secret,
  toHex,
  u32,
} from '@allod/protocol'
import { aeadUnder, TAG_BYTES } from './aead.ts'
import { fail } from './errors.ts'
import { parseHeader } from './header.ts'
import { type Manifest, manifestObjectId } from './manifest.ts'
import { type ObjectKeys, requireKey } from './objectKeys.ts'

/** Seals what only those who may open the object should know of it, such as its name. */
export async function sealMetadata(
  keys: ObjectKeys,
  { objectId, version, metadata }: { readonly objectId: Hex; readonly version: number; readonly metadata: Json },
): Promise<Manifest['metadata']> {
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const plaintext = canonicalise(metadata)
  const ciphertext = new Uint8Array(plaintext.length + TAG_BYTES)
  const aead = aeadUnder(await keys.metadata())
  await aead.seal(nonce, aadOf(objectId, version), [plaintext], ciphertext)
  return { nonce: toHex(nonce), ciphertext: toHex(ciphertext) }
}

/** Opens a manifest's metadata. @throws content/wrong-key, content/metadata-unopened */
export async function openMetadata(manifest: Manifest, dek: Secret): Promise<Json> {
  const aead = aeadUnder(await (await requireKey(dek, parseHeader(fromHex(manifest.header)))).metadata())
  const { nonce, ciphertext } = manifest.metadata
  const aad = aadOf(manifestObjectId(manifest), manifest.version)
  const plaintext = await aead.open(fromHex(nonce), aad, fromHex(ciphertext))
  if (plaintext === null) throw fail('metadata-unopened')
  return parseCanonical(plaintext)
}

const aadOf = (objectId: Hex, version: number): Uint8Array => concat(fromHex(objectId, 32), u32(version))
