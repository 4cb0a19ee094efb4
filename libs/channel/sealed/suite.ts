import { concat, fromHex, type Hex, sha256, utf8 } from '@allod/protocol'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { XWing } from '@hpke/hybridkem-x-wing'
import { sealFail } from '../errors.ts'

/** HPKE X-Wing (KEM 0x647a), HKDF-SHA256 (1), AES-256-GCM (2): the one suite. */
const KEM_ID = 0x647a
const KDF_ID = 1
const AEAD_ID = 2

export const PUBLIC_KEY_BYTES = 1216
export const ENC_BYTES = 1120
/** u8 version · key id[8] · u16 KEM · u16 KDF · u16 AEAD. */
export const REQUEST_HEADER_BYTES = 15

const VERSION = 1

/** Whom a request is for: what a client has verified about an agent. */
export type ServiceIdentity = {
  /** The attested X-Wing public key. */
  readonly serviceKey: Uint8Array
  readonly orderId: Hex
  /** Hash of the evidence bundle that attests the key. */
  readonly bundleHash: Hex
}

export const kem = new XWing()

/** The HPKE suite. */
export const hpke = new CipherSuite({ kem, kdf: new HkdfSha256(), aead: new Aes256Gcm() })

/** What a request starts with; names the key, so that a request to an old one is told from a forged one. */
export function requestHeader(serviceKey: Uint8Array): Uint8Array<ArrayBuffer> {
  if (serviceKey.length !== PUBLIC_KEY_BYTES)
    throw sealFail('bad-service-key', { expected: PUBLIC_KEY_BYTES, actual: serviceKey.length })
  const out = new Uint8Array(REQUEST_HEADER_BYTES)
  out[0] = VERSION
  out.set(sha256(utf8('allod/service-key/v1'), serviceKey).subarray(0, 8), 1)
  const view = new DataView(out.buffer)
  view.setUint16(9, KEM_ID)
  view.setUint16(11, KDF_ID)
  view.setUint16(13, AEAD_ID)
  return out
}

/**
 * HPKE info: the request opens only for this key, this order and this very evidence.
 * @throws protocol/bad-hex
 */
export function requestInfo(header: Uint8Array, { orderId, bundleHash }: ServiceIdentity): Uint8Array<ArrayBuffer> {
  return concat(utf8('allod/sealed-request/v1'), header, fromHex(orderId, 32), fromHex(bundleHash, 32))
}

/** Every context exports the secret of its response under this. */
const RESPONSE_CONTEXT = utf8('allod/sealed-response/v1')
export const RESPONSE_NONCE_BYTES = 32

/** Seals or opens the chunks of one response. */
export type ResponseKey = { readonly key: CryptoKey; readonly nonce: Uint8Array }

/** RFC 9458 §4.4: secret exported from the request's context, salted with `enc` and the response's own nonce. */
export async function responseKey(
  context: { export(context: ArrayBuffer, length: number): Promise<ArrayBuffer> },
  enc: Uint8Array,
  responseNonce: Uint8Array,
): Promise<ResponseKey> {
  const secret = await context.export(RESPONSE_CONTEXT.buffer, 32)
  const ikm = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const salt = concat(enc, responseNonce)
  const expand = (info: string, bytes: number): Promise<ArrayBuffer> =>
    crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: utf8(info) }, ikm, bytes * 8)
  const key = await crypto.subtle.importKey('raw', await expand('key', 32), 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { key, nonce: new Uint8Array(await expand('nonce', 12)) }
}

/** The nonce of the response's chunk `index`, from 0. */
export function chunkNonce({ nonce }: ResponseKey, index: number): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(nonce)
  const view = new DataView(out.buffer)
  view.setUint32(8, view.getUint32(8) ^ index)
  return out
}
