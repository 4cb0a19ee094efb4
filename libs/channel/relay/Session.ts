import { AllodError } from '@allod/protocol'
import type { ByteDuplex, ResetReason } from '../ByteDuplex.ts'
import { relayFail } from '../errors.ts'
import { FrameParser } from './FrameParser.ts'
import { FrameWriter } from './FrameWriter.ts'
import { encodeHeader, type FrameHeader, MAX_CREDIT_BYTES, NAME, reasonCode, reasonOf } from './frame.ts'
import { type RelayStream, Stream } from './RelayStream.ts'

export type RelayOptions = {
  /**
   * Called for each stream the other side opens. The stream is accepted once this reads, writes or returns; to refuse
   * it, call `stream.reset('refused')` or throw before that. Without it every stream is refused.
   */
  readonly onOpen?: (name: string, stream: RelayStream) => void | Promise<void>
  /** Streams at once, counted per opening side. 128 unless told. */
  readonly maxStreams?: number
  /** What one stream may receive unread; bounds memory at 2 × maxStreams × windowBytes. 512 KiB unless told. */
  readonly windowBytes?: number
  /** How long `open` waits to be accepted. 30 s unless told. */
  readonly openTimeoutMs?: number
}

/** How long closing waits for what is under way. */
const CLOSE_MS = 1000

type Opening = { readonly done: () => void; readonly failed: (error: AllodError) => void }

/** One side of a relay: the streams both sides opened, and what to do with each frame. */
export class Session {
  readonly closed: Promise<AllodError | undefined>
  readonly #duplex: ByteDuplex
  readonly #writer: FrameWriter
  readonly #onOpen: RelayOptions['onOpen']
  readonly #maxStreams: number
  readonly #windowBytes: number
  readonly #openTimeoutMs: number
  readonly #ours = new Map<number, Stream>()
  readonly #theirs = new Map<number, Stream>()
  readonly #openings = new Map<Stream, Opening>()
  /** Streams whose handler has not returned; they hold a place even after the other side dropped them. */
  #offers = 0
  readonly #peerGone = Promise.withResolvers<void>()
  #lastOurs = 0
  #lastTheirs = 0
  #failure: AllodError | null = null
  #settle: (reason: AllodError | undefined) => void = () => undefined

  constructor(duplex: ByteDuplex, options: RelayOptions) {
    this.#duplex = duplex
    this.#onOpen = options.onOpen
    this.#maxStreams = options.maxStreams ?? 128
    this.#windowBytes = Math.min(options.windowBytes ?? 512 * 1024, MAX_CREDIT_BYTES)
    this.#openTimeoutMs = options.openTimeoutMs ?? 30_000
    this.#writer = new FrameWriter(duplex, 16 * this.#maxStreams, (cause) => this.#break(cause))
    this.closed = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  start(): void {
    this.#writer.send()
    void this.#readFrames()
  }

  async open(name: string): Promise<RelayStream> {
    if (!NAME.test(name)) throw relayFail('bad-name', { actual: name.slice(0, 80) })
    if (this.#failure) throw this.#failure
    if (this.#ours.size >= this.#maxStreams) throw relayFail('too-many-streams', { expected: this.#maxStreams })
    const id = ++this.#lastOurs
    const stream = new Stream(name, id, true, this.#windowBytes, this)
    this.#ours.set(id, stream)
    const nameBytes = Uint8Array.from(name, (c) => c.charCodeAt(0))
    this.#writer.send(encodeHeader({ kind: 'open', isOurs: true, id, value: nameBytes.length }), nameBytes)
    stream.accept()
    await new Promise<void>((done, failed) => {
      const timer = setTimeout(() => {
        this.#openings.delete(stream)
        stream.reset('timeout')
        failed(relayFail('open-timeout', { expected: this.#openTimeoutMs, meta: { name } }))
      }, this.#openTimeoutMs)
      this.#openings.set(stream, {
        done: () => {
          clearTimeout(timer)
          done()
        },
        failed: (error) => {
          clearTimeout(timer)
          failed(error)
        },
      })
    })
    return stream
  }

  async close(): Promise<void> {
    if (this.#failure) return
    await within(CLOSE_MS, this.#writer.idle())
    if (this.#failure) return
    this.#endWith(relayFail('relay-closed'))
    // Closing a socket with bytes unread would break it for the other side before it saw the end.
    await within(
      CLOSE_MS,
      this.#duplex.end().then(() => this.#peerGone.promise),
    )
    this.#duplex.reset('cancelled')
    this.#settle(undefined)
  }

  // The link that streams use.

  schedule(stream: Stream): void {
    this.#writer.schedule(stream)
  }

  sendWindow(stream: Stream, credit: number): void {
    this.#writer.send(encodeHeader({ kind: 'window', isOurs: stream.isOurs, id: stream.id, value: credit }))
  }

  sendReset(stream: Stream, reason: ResetReason): void {
    this.#writer.send(encodeHeader({ kind: 'reset', isOurs: stream.isOurs, id: stream.id, value: reasonCode(reason) }))
  }

  forget(stream: Stream): void {
    this.#side(stream.isOurs).delete(stream.id)
  }

  // What the parser tells.

  onOpen(id: number, name: string): void {
    if (id !== this.#lastTheirs + 1)
      throw relayFail('bad-frame', { expected: `stream id ${this.#lastTheirs + 1}`, actual: id })
    this.#lastTheirs = id
    const stream = new Stream(name, id, false, this.#windowBytes, this)
    if (this.#onOpen === undefined) this.sendReset(stream, 'refused')
    else if (Math.max(this.#theirs.size, this.#offers) >= this.#maxStreams) this.sendReset(stream, 'busy')
    else {
      this.#theirs.set(id, stream)
      void this.#offer(stream, this.#onOpen)
    }
  }

  onDataStart(header: FrameHeader): void {
    this.#find(header)?.peerSends(header.value)
  }

  onData(header: FrameHeader, piece: Uint8Array): void {
    this.#find(header)?.peerSent(piece)
  }

  onWindow(header: FrameHeader): void {
    const stream = this.#find(header)
    stream?.peerGrants(header.value, MAX_CREDIT_BYTES)
    const opening = stream && this.#openings.get(stream)
    if (stream && opening) {
      this.#openings.delete(stream)
      opening.done()
    }
  }

  onEnd(header: FrameHeader): void {
    this.#find(header)?.peerEnds()
  }

  onReset(header: FrameHeader): void {
    const stream = this.#find(header)
    if (stream === undefined) return
    const meta = { name: stream.name, reason: reasonOf(header.value), by: 'the other side' }
    const opening = this.#openings.get(stream)
    this.#openings.delete(stream)
    stream.fail(relayFail('stream-reset', { meta }))
    opening?.failed(relayFail('open-refused', { meta }))
  }

  /** The live stream of a frame; undefined for one that is over, whose late frames mean nothing any more. */
  #find({ isOurs, id }: FrameHeader): Stream | undefined {
    if (id > (isOurs ? this.#lastOurs : this.#lastTheirs))
      throw relayFail('bad-frame', { expected: 'a stream that was opened', actual: id })
    return this.#side(isOurs).get(id)
  }

  #side(isOurs: boolean): Map<number, Stream> {
    return isOurs ? this.#ours : this.#theirs
  }

  async #offer(stream: Stream, onOpen: NonNullable<RelayOptions['onOpen']>): Promise<void> {
    this.#offers += 1
    try {
      await onOpen(stream.name, stream)
      stream.accept()
    } catch {
      stream.reset('failed')
    } finally {
      this.#offers -= 1
    }
  }

  async #readFrames(): Promise<void> {
    const parser = new FrameParser(this)
    try {
      for (;;) {
        const bytes = await this.#duplex.read()
        if (bytes === null) break
        if (!this.#failure) parser.push(bytes)
      }
      this.#peerGone.resolve()
      if (!this.#failure) parser.finish()
      await this.close()
    } catch (cause) {
      this.#peerGone.resolve()
      this.#break(cause)
    }
  }

  #break(cause: unknown): void {
    if (this.#failure) return
    const error = cause instanceof AllodError ? cause : relayFail('relay-closed', { cause })
    this.#endWith(error)
    this.#settle(error)
    this.#duplex.reset('failed')
  }

  #endWith(error: AllodError): void {
    this.#failure = error
    for (const stream of [...this.#ours.values(), ...this.#theirs.values()]) stream.fail(error)
    for (const opening of this.#openings.values()) opening.failed(error)
    this.#openings.clear()
    this.#writer.stop()
  }
}

/** Waits for `work`, failed or not, but no longer than `ms`. */
async function within(ms: number, work: Promise<void> | null): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([late, work?.catch(() => undefined)])
  clearTimeout(timer)
}
