import { equalBytes, type Hex } from '@allod/protocol'
import { ByteReader, type ByteSource } from '../ByteSource.ts'
import { sealFail } from '../errors.ts'
import { encodeResponse, type RequestHead, type ResponseHead, streamResponse } from '../http/binaryHttp.ts'
import { type Decoded, type DecodeLimits, decodeRequest } from '../http/decodeBinaryHttp.ts'
import { openChunks, sealChunks } from './chunks.ts'
import { asTheyCome, atOnce, type Pace, paced } from './pieces.ts'
import type { ReplaySet } from './ReplaySet.ts'
import type { ServiceKeyPair } from './ServiceKey.ts'
import {
  chunkNonce,
  ENC_BYTES,
  hpke,
  kem,
  REQUEST_HEADER_BYTES,
  RESPONSE_NONCE_BYTES,
  requestHeader,
  requestInfo,
  responseKey,
} from './suite.ts'

/** A service key in use: what it was attested for, and what it has answered. */
export type ServiceKey = ServiceKeyPair & {
  readonly orderId: Hex
  readonly bundleHash: Hex
  readonly replays: ReplaySet
}

export type SealOptions = {
  /** Sends at fixed times and sizes, so that they do not tell how long tokens are. */
  readonly pace?: Pace
}

export type OpenedRequest = Decoded<RequestHead> & {
  /**
   * Seals the answer; a stream's pieces are sealed and padded as they come, one or more chunks each.
   * @throws channel/bhttp-malformed while it is read
   */
  sealResponse(
    head: ResponseHead,
    body: ByteSource,
    options?: SealOptions,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>
}

/**
 * Opens a sealed request with whichever of the live service keys it names. A request that was answered before is
 * refused; the head is returned only after its chunk was authenticated, and the body is whole if it ends without throwing.
 * @throws channel/sealed-suite, channel/unknown-service-key, channel/replayed-request, channel/replay-set-full,
 * channel/sealed-truncated, channel/sealed-chunk-refused, channel/sealed-padding and the errors of binary HTTP
 */
export async function openRequest(
  keys: readonly ServiceKey[],
  source: ByteSource,
  limits: DecodeLimits = {},
): Promise<OpenedRequest> {
  const reader = new ByteReader(source)
  try {
    const header = await reader.upTo(REQUEST_HEADER_BYTES)
    const enc = Uint8Array.from(await reader.upTo(ENC_BYTES))
    if (enc.length < ENC_BYTES) throw sealFail('sealed-truncated')
    const key = findKey(keys, header)
    key.replays.check(enc)
    const context = await hpke.createRecipientContext({
      recipientKey: await kem.deserializePrivateKey(Uint8Array.from(key.privateKey.expose()).buffer),
      enc: enc.buffer,
      info: requestInfo(header, { ...key, serviceKey: key.publicKey }).buffer,
    })
    const chunks = openChunks(reader, (chunk, aad) => context.open(chunk, aad))
    const first = await chunks.next()
    // Only what opens takes a place, and it takes it before anything of it is acted on.
    key.replays.claim(enc)
    const { head, body } = await decodeRequest(resume(first.value ?? new Uint8Array(), chunks, reader), limits)
    return {
      head,
      body,
      sealResponse: (...answer) =>
        sealResponse(context, enc, crypto.getRandomValues(new Uint8Array(RESPONSE_NONCE_BYTES)), ...answer),
    }
  } catch (error) {
    await reader.stop()
    throw error
  }
}

/** Seals an answer under a nonce that is fresh; only the vectors' generator brings one it knows. */
export async function* sealResponse(
  context: Parameters<typeof responseKey>[0],
  enc: Uint8Array,
  nonce: Uint8Array<ArrayBuffer>,
  head: ResponseHead,
  body: ByteSource,
  { pace }: SealOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const key = await responseKey(context, enc, nonce)
  const pieces = pace
    ? paced(streamResponse(head, body), pace)
    : body instanceof Uint8Array
      ? atOnce(encodeResponse(head, body))
      : asTheyCome(streamResponse(head, body))
  yield nonce
  yield* sealChunks(pieces, (chunk, additionalData, index) =>
    crypto.subtle.encrypt({ name: 'AES-GCM', iv: chunkNonce(key, index), additionalData }, key.key, chunk),
  )
}

function findKey(keys: readonly ServiceKey[], header: Uint8Array): ServiceKey {
  for (const key of keys) {
    const own = requestHeader(key.publicKey)
    if (equalBytes(own, header)) return key
    // The version and the suite are the same for every key: only the key's id may differ.
    if (own[0] !== header[0] || !equalBytes(own.subarray(9), header.subarray(9))) throw sealFail('sealed-suite')
  }
  throw sealFail('unknown-service-key')
}

async function* resume(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
  reader: ByteReader,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield first
    yield* rest
  } finally {
    await reader.stop()
  }
}
