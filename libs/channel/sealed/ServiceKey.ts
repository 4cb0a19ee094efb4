import { Secret } from '@allod/protocol'
import { kem } from './suite.ts'

/** An X-Wing key pair as bytes: 1216 public, 32 secret. */
export type ServiceKeyPair = { readonly publicKey: Uint8Array<ArrayBuffer>; readonly privateKey: Secret }

/** A fresh service key; the same one again from the same 32 bytes. The seed becomes the secret key and is not copied. */
export async function createServiceKey(
  seed: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(32)),
): Promise<ServiceKeyPair> {
  const { publicKey } = await kem.generateKeyPairDerand(Uint8Array.from(seed))
  return { publicKey: new Uint8Array(await kem.serializePublicKey(publicKey)), privateKey: new Secret(seed) }
}
