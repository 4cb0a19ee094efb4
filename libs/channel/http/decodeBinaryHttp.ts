import { ByteReader, type ByteSource } from '../ByteSource.ts'
import { httpFail } from '../errors.ts'
import { readVarint } from '../varint.ts'
import { type Fields, FRAMING, type RequestHead, type ResponseHead } from './binaryHttp.ts'
import { checkFields, checkRequestHead, checkStatus, MAX_FIELDS, MAX_HEAD_BYTES } from './checkHead.ts'

export type DecodeLimits = {
  /** Bound on the content. 64 MiB unless told. */
  readonly maxBodyBytes?: number
}

export type Decoded<Head> = {
  readonly head: Head
  /** The content as it comes. It is whole only once this ended without throwing; stopping early cancels the source. */
  readonly body: AsyncGenerator<Uint8Array, void, undefined>
}

/** Interim responses (1xx) are skipped, but not without end. */
const MAX_INTERIM = 8

/**
 * Reads a request in either form of RFC 9292. Trailers are checked and dropped.
 * @throws channel/bhttp-malformed, channel/bhttp-truncated, channel/bhttp-too-large, here or while the body is read
 */
export async function decodeRequest(source: ByteSource, limits: DecodeLimits = {}): Promise<Decoded<RequestHead>> {
  const message = new Message(source, limits)
  await message.framing(FRAMING.request, FRAMING.requestStream)
  const [method, scheme, authority, path] = [
    await message.text(),
    await message.text(),
    await message.text(),
    await message.text(),
  ]
  const head = { method, scheme, authority, path, headers: await message.fields() }
  checkRequestHead(head)
  return { head, body: message.body() }
}

/**
 * Reads a response in either form of RFC 9292. Interim responses and trailers are checked and dropped.
 * @throws as decodeRequest
 */
export async function decodeResponse(source: ByteSource, limits: DecodeLimits = {}): Promise<Decoded<ResponseHead>> {
  const message = new Message(source, limits)
  await message.framing(FRAMING.response, FRAMING.responseStream)
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const status = await message.integer(599)
    const headers = await message.fields()
    if (status >= 100 && status < 200) continue
    checkStatus(status)
    return { head: { status, headers }, body: message.body() }
  }
  throw httpFail('bhttp-too-large', { expected: `at most ${MAX_INTERIM} interim responses` })
}

const ERRORS = {
  truncated: () => httpFail('bhttp-truncated'),
  tooLarge: (actual: number) => httpFail('bhttp-too-large', { actual }),
}

const MAX_BODY_BYTES = 64 * 1024 * 1024

class Message {
  readonly #reader: ByteReader
  readonly #maxBodyBytes: number
  #isStream = false
  #headBytes = 0

  constructor(source: ByteSource, { maxBodyBytes = MAX_BODY_BYTES }: DecodeLimits) {
    this.#reader = new ByteReader(source)
    this.#maxBodyBytes = maxBodyBytes
  }

  async framing(whole: number, stream: number): Promise<void> {
    const framing = await this.integer(63)
    if (framing !== whole && framing !== stream)
      throw httpFail('bhttp-malformed', { expected: `framing ${whole} or ${stream}`, actual: framing })
    this.#isStream = framing === stream
  }

  integer(max: number, reader = this.#reader): Promise<number> {
    return readVarint(reader, max, ERRORS)
  }

  async text(length?: number, reader = this.#reader): Promise<string> {
    const wanted = length ?? (await this.integer(MAX_HEAD_BYTES, reader))
    this.#headBytes += wanted
    if (this.#headBytes > MAX_HEAD_BYTES) throw httpFail('bhttp-too-large', { expected: MAX_HEAD_BYTES })
    const bytes = await reader.upTo(wanted)
    if (bytes.length < wanted) throw httpFail('bhttp-truncated')
    return String.fromCharCode(...bytes)
  }

  /** A field section; a message may be cut where only empty sections follow (RFC 9292 §3.8). */
  async fields(): Promise<Fields> {
    if (await this.#reader.isAtEnd()) return []
    if (this.#isStream) return this.#fieldLines(this.#reader)
    const length = await this.integer(MAX_HEAD_BYTES)
    const section = await this.#reader.upTo(length)
    if (section.length < length) throw httpFail('bhttp-truncated')
    return this.#fieldLines(new ByteReader(section))
  }

  async #fieldLines(reader: ByteReader): Promise<Fields> {
    const fields: [string, string][] = []
    while (this.#isStream || !(await reader.isAtEnd())) {
      if (fields.length > MAX_FIELDS) throw httpFail('bhttp-too-large', { expected: MAX_FIELDS })
      const nameLength = await this.integer(MAX_HEAD_BYTES, reader)
      if (nameLength === 0 && this.#isStream) break
      fields.push([await this.text(nameLength, reader), await this.text(undefined, reader)])
    }
    checkFields(fields)
    return fields
  }

  async *body(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#isStream ? this.#chunks() : this.#content()
      this.#headBytes = 0
      await this.fields()
      for (let rest = await this.#reader.some(4096); rest.length > 0; rest = await this.#reader.some(4096))
        if (rest.some((byte) => byte !== 0)) throw httpFail('bhttp-malformed', { expected: 'zeros for padding' })
    } finally {
      await this.#reader.stop()
    }
  }

  async *#content(): AsyncGenerator<Uint8Array, void, undefined> {
    if (!(await this.#reader.isAtEnd())) yield* this.#exactly(await this.integer(this.#maxBodyBytes))
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    if (await this.#reader.isAtEnd()) return
    let left = this.#maxBodyBytes
    for (let length = await this.integer(left); length > 0; length = await this.integer(left)) {
      left -= length
      yield* this.#exactly(length)
    }
  }

  async *#exactly(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = length; left > 0; ) {
      const piece = await this.#reader.some(left)
      if (piece.length === 0) throw httpFail('bhttp-truncated')
      left -= piece.length
      yield piece
    }
  }
}
