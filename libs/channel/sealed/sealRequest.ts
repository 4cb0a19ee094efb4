import { concat } from '@allod/protocol'
import type { SenderContext } from '@hpke/core'
import { ByteReader, type ByteSource } from '../ByteSource.ts'
import { sealFail } from '../errors.ts'
import { encodeRequest, type Fields, type ResponseHead, streamRequest } from '../http/binaryHttp.ts'
import { type Decoded, type DecodeLimits, decodeResponse } from '../http/decodeBinaryHttp.ts'
import { openChunks, sealChunks } from './chunks.ts'
import { asTheyCome, atOnce } from './pieces.ts'
import {
  chunkNonce,
  hpke,
  kem,
  RESPONSE_NONCE_BYTES,
  requestHeader,
  requestInfo,
  responseKey,
  type ServiceIdentity,
} from './suite.ts'

/** What is asked of an agent. */
export type InnerRequest = {
  readonly method: string
  /** Path and query, from `/`. */
  readonly path: string
  readonly headers?: Fields
  /** Bytes go out at once; a stream goes out as it comes. */
  readonly body?: ByteSource
}

export type SealedRequest = {
  /** What the gateway carries. */
  readonly body: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>
  /**
   * Opens the answer to this request, once. It is this agent's, and whole, if the body ends without throwing.
   * @throws channel/response-reused, channel/sealed-truncated, channel/sealed-chunk-refused, channel/sealed-padding and
   * the errors of binary HTTP, here or while the body is read
   */
  openResponse(stream: ByteSource, limits?: DecodeLimits): Promise<Decoded<ResponseHead>>
}

/** Media types of what a gateway carries. */
export const SEALED_REQUEST_TYPE = 'application/vnd.allod.sealed-request'
export const SEALED_RESPONSE_TYPE = 'application/vnd.allod.sealed-response'

/**
 * Seals a request to an agent's attested key, for one order and one evidence bundle. Nobody between reads it, and
 * whoever changes, cuts or repeats it is refused by the enclave.
 * @throws channel/bad-service-key, channel/bhttp-malformed, protocol/bad-hex
 * @example
 * const sealed = await sealRequest(identity, { method: 'POST', path: '/v1/chat/completions', body })
 * const answer = await fetch(url, { method: 'POST', body: await collect(sealed.body, 1 << 24) })
 * const { head, body: tokens } = await sealed.openResponse(answer.body)
 */
export async function sealRequest(identity: ServiceIdentity, request: InnerRequest): Promise<SealedRequest> {
  const header = requestHeader(identity.serviceKey)
  const recipientPublicKey = await publicKeyOf(identity.serviceKey)
  const context = await hpke.createSenderContext({ recipientPublicKey, info: requestInfo(header, identity).buffer })
  return sealIn(context, header, request)
}

/** Seals in a context that is there already; the vectors' generator brings one whose randomness it knows. */
export function sealIn(
  context: Pick<SenderContext, 'enc' | 'seal' | 'export'>,
  header: Uint8Array,
  request: InnerRequest,
): SealedRequest {
  const enc = new Uint8Array(context.enc)
  let isOpened = false
  return {
    body: withHead(
      concat(header, enc),
      sealChunks(innerPieces(request), (chunk, aad) => context.seal(chunk, aad)),
    ),
    async openResponse(stream, limits) {
      // A second stream would be some other answer: the first one's, replayed or altered.
      if (isOpened) throw sealFail('response-reused')
      isOpened = true
      return decodeResponse(openSealed(new ByteReader(stream), enc, context), limits)
    },
  }
}

function innerPieces({ method, path, headers = [], body = new Uint8Array() }: InnerRequest): ReturnType<typeof atOnce> {
  const head = { method, path, headers, scheme: 'https', authority: '' }
  return body instanceof Uint8Array ? atOnce(encodeRequest(head, body)) : asTheyCome(streamRequest(head, body))
}

async function* openSealed(
  reader: ByteReader,
  enc: Uint8Array,
  context: Parameters<typeof responseKey>[0],
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    const nonce = await reader.upTo(RESPONSE_NONCE_BYTES)
    if (nonce.length < RESPONSE_NONCE_BYTES) throw sealFail('sealed-truncated')
    const key = await responseKey(context, enc, nonce)
    yield* openChunks(reader, (chunk, additionalData, index) =>
      crypto.subtle.decrypt({ name: 'AES-GCM', iv: chunkNonce(key, index), additionalData }, key.key, chunk),
    )
  } finally {
    await reader.stop()
  }
}

async function publicKeyOf(serviceKey: Uint8Array): Promise<CryptoKey> {
  try {
    return await kem.deserializePublicKey(Uint8Array.from(serviceKey).buffer)
  } catch (cause) {
    throw sealFail('bad-service-key', { cause })
  }
}

async function* withHead(
  head: Uint8Array<ArrayBuffer>,
  rest: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  yield head
  yield* rest
}
