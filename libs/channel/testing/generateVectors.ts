import { writeFileSync } from 'node:fs'
import { concat, type Hex, sha256, toHex, utf8 } from '@allod/protocol'
import { collect } from '../ByteSource.ts'
import { encodeRequest, encodeResponse, streamRequest, streamResponse } from '../http/binaryHttp.ts'
import { openRequest, sealResponse } from '../sealed/openRequest.ts'
import { ReplaySet } from '../sealed/ReplaySet.ts'
import { createServiceKey } from '../sealed/ServiceKey.ts'
import { sealIn } from '../sealed/sealRequest.ts'
import { ENC_BYTES, hpke, kem, REQUEST_HEADER_BYTES, requestHeader, requestInfo } from '../sealed/suite.ts'
import { framesOf } from './pieces.ts'

/*
 * Writes the vectors of binary HTTP and of sealed requests. Everything random is derived from a counter, so that
 * running it again changes nothing:
 *   node libs/channel/testing/generateVectors.ts
 */

/** A message, and what reading it yields: its head and body, or the code it is refused with. */
export type HttpVector = {
  readonly name: string
  readonly kind: 'request' | 'response'
  readonly hex: string
  readonly expect: { readonly head: unknown; readonly body: Hex } | string
}

/** A sealed request and its sealed answer under a known key; `expect` is a code where either is refused. */
export type SealedVector = {
  readonly name: string
  readonly seed: Hex
  readonly orderId: Hex
  readonly bundleHash: Hex
  readonly request: Hex
  readonly response: Hex
  readonly expect:
    | { readonly path: string; readonly request: Hex; readonly status: number; readonly response: Hex }
    | string
}

const random = (label: string, bytes = 32): Uint8Array<ArrayBuffer> =>
  concat(
    ...Array.from({ length: Math.ceil(bytes / 32) }, (_, i) => sha256(utf8(`allod/channel/vectors/${label}/${i}`))),
  ).slice(0, bytes)

async function httpVectors(): Promise<HttpVector[]> {
  const head = {
    method: 'POST',
    scheme: 'https',
    authority: 'a.example',
    path: '/v1?x',
    headers: [['accept', 'text/plain']] as const,
  }
  const answer = { status: 206, headers: [['content-type', 'text/plain']] as const }
  const bare = { method: 'GET', scheme: 'https', authority: 'example.com', path: '/', headers: [] }
  const body = utf8('body')
  const bodyHex = toHex(body)
  const whole = encodeRequest(head, body)
  const stream = await collect(streamRequest(head, body), 1000)
  const reply = encodeResponse(answer, body)
  const replyStream = await collect(streamResponse(answer, body), 1000)
  // RFC 9292 §3.5: interim responses stand before the final one.
  const interim = concat(Uint8Array.of(1, 0x40, 102, 0, 0x40, 103, 4, 1, 0x61, 1, 0x62), reply.subarray(1))
  const control = encodeRequest(bare).subarray(0, -3)
  const of =
    (kind: HttpVector['kind']) =>
    (name: string, bytes: Uint8Array, expect: HttpVector['expect']): HttpVector => ({
      name,
      kind,
      hex: toHex(bytes),
      expect,
    })
  const [request, response] = [of('request'), of('response')]
  const malformed = 'channel/bhttp-malformed'
  const truncated = 'channel/bhttp-truncated'
  const tooLarge = 'channel/bhttp-too-large'
  const section = (...lines: number[]): Uint8Array => concat(control, Uint8Array.of(lines.length, ...lines, 0, 0))
  return [
    // The messages of RFC 9458 appendix A.
    request('rfc 9458 request', Buffer.from('00034745540568747470730b6578616d706c652e636f6d012f', 'hex'), {
      head: bare,
      body: '0x',
    }),
    response('rfc 9458 response', Buffer.from('0140c8', 'hex'), { head: { status: 200, headers: [] }, body: '0x' }),
    request('known length', whole, { head, body: bodyHex }),
    request('known length, padded', concat(whole, new Uint8Array(9)), { head, body: bodyHex }),
    request('indeterminate length', stream, { head, body: bodyHex }),
    request('indeterminate length, padded', concat(stream, new Uint8Array(9)), { head, body: bodyHex }),
    request('with trailers', concat(whole.subarray(0, -1), Uint8Array.of(4, 1, 0x61, 1, 0x62)), {
      head,
      body: bodyHex,
    }),
    request('integers longer than they need be', concat(Uint8Array.of(0x40, 0), whole.subarray(1)), {
      head,
      body: bodyHex,
    }),
    response('known length response', reply, { head: answer, body: bodyHex }),
    response('indeterminate length response', replyStream, { head: answer, body: bodyHex }),
    response('after interim responses', interim, { head: answer, body: bodyHex }),
    request('padding that is not zeros', concat(whole, Uint8Array.of(0, 1)), malformed),
    request('a response for a request', reply, malformed),
    response('a request for a response', whole, malformed),
    request('unknown framing', concat(Uint8Array.of(4), whole.subarray(1)), malformed),
    request('nothing', new Uint8Array(), truncated),
    request('cut in the content', whole.subarray(0, -3), truncated),
    request('no end of the content', stream.subarray(0, -2), truncated),
    request('a field of no name', section(0, 1, 0x62), malformed),
    request('a field name in upper case', section(1, 0x41, 1, 0x62), malformed),
    request('a pseudo-field', section(2, 0x3a, 0x61, 1, 0x62), malformed),
    request('a line break in a value', section(1, 0x61, 3, 0x62, 10, 0x62), malformed),
    request('a field that leaves its section', section(1, 0x61, 9, 0x62), truncated),
    response('a status of 600', Uint8Array.of(1, 0x42, 0x58), tooLarge),
    request('a method of a gigabyte', Uint8Array.of(0, 0xbf, 0xff, 0xff, 0xff), tooLarge),
  ]
}

async function sealedVectors(): Promise<SealedVector[]> {
  const seed = random('seed')
  const orderId = toHex(random('order'))
  const bundleHash = toHex(random('bundle'))
  const pair = await createServiceKey(Uint8Array.from(seed))
  const identity = { serviceKey: pair.publicKey, orderId, bundleHash }
  const header = requestHeader(pair.publicKey)
  const info = requestInfo(header, identity)
  const recipientPublicKey = await kem.deserializePublicKey(pair.publicKey.buffer)
  const sender = await hpke.createSenderContext({
    recipientPublicKey,
    info: info.buffer,
    ekm: random('encapsulation', 64).buffer,
  })
  const question = utf8('what is the tax on this?')
  const reply = utf8('nothing, this year')
  const sealed = sealIn(sender, header, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: [['content-type', 'text/plain']],
    body: question,
  })
  const request = await collect(sealed.body, 1e6)
  await openRequest([{ ...pair, orderId, bundleHash, replays: new ReplaySet() }], request)
  const recipient = await hpke.createRecipientContext({
    recipientKey: await kem.deserializePrivateKey(Uint8Array.from(seed).buffer),
    enc: sender.enc,
    info: info.buffer,
  })
  const enc = new Uint8Array(sender.enc)
  const response = await collect(
    sealResponse(recipient, enc, random('nonce'), { status: 200, headers: [] }, reply),
    1e6,
  )
  const vector = (name: string, expect: SealedVector['expect'], change: Partial<SealedVector> = {}): SealedVector => ({
    name,
    seed: toHex(seed),
    orderId,
    bundleHash,
    request: toHex(request),
    response: toHex(response),
    expect,
    ...change,
  })
  const headBytes = REQUEST_HEADER_BYTES + ENC_BYTES
  const flip = (bytes: Uint8Array, at: number): Hex =>
    toHex(bytes.map((byte, i) => (i === (at + bytes.length) % bytes.length ? byte ^ 1 : byte)))
  const [only] = framesOf(request, headBytes) as [Uint8Array]
  return [
    vector('request and response', {
      path: '/v1/chat/completions',
      request: toHex(question),
      status: 200,
      response: toHex(reply),
    }),
    vector('another order', 'channel/sealed-chunk-refused', { orderId: bundleHash }),
    vector('another bundle', 'channel/sealed-chunk-refused', { bundleHash: orderId }),
    vector('another key', 'channel/unknown-service-key', { seed: toHex(random('other')) }),
    vector('another version', 'channel/sealed-suite', { request: flip(request, 0) }),
    vector('enc changed', 'channel/sealed-chunk-refused', { request: flip(request, REQUEST_HEADER_BYTES) }),
    vector('request chunk changed', 'channel/sealed-chunk-refused', { request: flip(request, -1) }),
    vector('request cut', 'channel/sealed-truncated', { request: toHex(request.subarray(0, headBytes)) }),
    vector('request said twice', 'channel/sealed-chunk-refused', { request: toHex(concat(request, only)) }),
    vector('response nonce changed', 'channel/sealed-chunk-refused', { response: flip(response, 0) }),
    vector('response chunk changed', 'channel/sealed-chunk-refused', { response: flip(response, -1) }),
    vector('response cut', 'channel/sealed-truncated', { response: toHex(response.subarray(0, 32)) }),
  ]
}

const write = (name: string, vectors: readonly unknown[]): void =>
  writeFileSync(
    new URL(`../vectors/${name}`, import.meta.url),
    `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`,
  )

if (import.meta.main) {
  write('binary-http.json', await httpVectors())
  write('sealed.json', await sealedVectors())
}
