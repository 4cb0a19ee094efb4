import { concat } from '@allod/protocol'
import { type ByteSource, piecesOf } from '../ByteSource.ts'
import { encodeVarint } from '../varint.ts'
import { checkFields, checkRequestHead, checkStatus } from './checkHead.ts'

/** Field lines in order; names in lower case. */
export type Fields = readonly (readonly [name: string, value: string])[]

export type RequestHead = {
  readonly method: string
  readonly scheme: string
  /** May be empty. */
  readonly authority: string
  readonly path: string
  readonly headers: Fields
}

export type ResponseHead = {
  /** 200 to 599. */
  readonly status: number
  readonly headers: Fields
}

/** RFC 9292 §3.3. */
export const FRAMING = { request: 0, response: 1, requestStream: 2, responseStream: 3 } as const

/**
 * A whole request in known-length form (RFC 9292 §3.1), without trailers or padding.
 * @throws channel/bhttp-malformed where the head would be refused by a decoder
 */
export function encodeRequest(head: RequestHead, body: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  return concat(encodeVarint(FRAMING.request), requestControl(head), section(head.headers), text(body), encodeVarint(0))
}

/**
 * A whole response in known-length form, without trailers or padding.
 * @throws channel/bhttp-malformed
 */
export function encodeResponse(head: ResponseHead, body: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  return concat(
    encodeVarint(FRAMING.response),
    responseControl(head),
    section(head.headers),
    text(body),
    encodeVarint(0),
  )
}

/**
 * A request in indeterminate-length form (RFC 9292 §3.2), a piece per piece of the body; the head comes first.
 * @throws channel/bhttp-malformed
 */
export function streamRequest(head: RequestHead, body: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  return stream(concat(encodeVarint(FRAMING.requestStream), requestControl(head), openSection(head.headers)), body)
}

/**
 * A response in indeterminate-length form, a piece per piece of the body; the head comes first.
 * @throws channel/bhttp-malformed
 */
export function streamResponse(head: ResponseHead, body: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  return stream(concat(encodeVarint(FRAMING.responseStream), responseControl(head), openSection(head.headers)), body)
}

async function* stream(head: Uint8Array, body: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  yield head
  for await (const piece of piecesOf(body)) if (piece.length > 0) yield text(piece)
  // The end of the content, and of the trailers that there are none of.
  yield Uint8Array.of(0, 0)
}

function requestControl(head: RequestHead): Uint8Array {
  checkRequestHead(head)
  return concat(...[head.method, head.scheme, head.authority, head.path].map((part) => text(latin1(part))))
}

function responseControl(head: ResponseHead): Uint8Array {
  checkStatus(head.status)
  checkFields(head.headers)
  return encodeVarint(head.status)
}

const fieldLines = (fields: Fields): Uint8Array =>
  concat(...fields.flatMap(([name, value]) => [text(latin1(name)), text(latin1(value))]))

const section = (fields: Fields): Uint8Array => text(fieldLines(fields))

const openSection = (fields: Fields): Uint8Array => concat(fieldLines(fields), encodeVarint(0))

const text = (bytes: Uint8Array): Uint8Array => concat(encodeVarint(bytes.length), bytes)

/** Heads hold bytes; a character is one, as in `Headers`. */
const latin1 = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0))
