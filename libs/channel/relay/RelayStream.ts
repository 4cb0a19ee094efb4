import type { AllodError } from '@allod/protocol'
import type { ByteDuplex, ResetReason } from '../ByteDuplex.ts'
import { relayFail } from '../errors.ts'
import { ByteQueue } from './ByteQueue.ts'

/** One stream of a relay. */
export type RelayStream = ByteDuplex & { readonly name: string }

/** What a stream asks of its relay. */
export type StreamLink = {
  /** The stream has bytes or an end to send and credit to do so. */
  schedule(stream: Stream): void
  sendWindow(stream: Stream, credit: number): void
  sendReset(stream: Stream, reason: ResetReason): void
  /** Both directions are over. */
  forget(stream: Stream): void
}

type Write = { bytes: Uint8Array; readonly done?: () => void; readonly failed: (error: AllodError) => void }

type Waiter = { readonly done: (bytes: Uint8Array | null) => void; readonly failed: (error: AllodError) => void }

/** A stream's own state: two directions, each with its credit. The relay alone calls the `peer…` and `take` members. */
export class Stream implements RelayStream {
  readonly name: string
  readonly id: number
  readonly isOurs: boolean
  readonly #link: StreamLink
  readonly #windowBytes: number
  readonly #received = new ByteQueue()
  #writes: Write[] = []
  #writeHead = 0
  /** What we may still send. */
  #credit = 0
  /** What the other side may still send; 0 until the stream is accepted. */
  #granted = 0
  #consumed = 0
  #isAccepted = false
  #isEnding = false
  readonly #enders: { readonly done: () => void; readonly failed: (error: AllodError) => void }[] = []
  #isEndSent = false
  #isPeerEnded = false
  #isReset = false
  #failure: AllodError | null = null
  #reader: Waiter | null = null
  isScheduled = false

  constructor(name: string, id: number, isOurs: boolean, windowBytes: number, link: StreamLink) {
    this.name = name
    this.id = id
    this.isOurs = isOurs
    this.#windowBytes = windowBytes
    this.#link = link
  }

  async read(): Promise<Uint8Array | null> {
    this.accept()
    const piece = this.#received.shift()
    if (piece !== null) {
      this.#giveCredit(piece.length)
      return piece
    }
    if (this.#isPeerEnded && !this.#isReset) return null
    if (this.#failure) throw this.#failure
    if (this.#reader) throw new TypeError('one read at a time')
    return new Promise((done, failed) => {
      this.#reader = { done, failed }
    })
  }

  async write(...parts: readonly Uint8Array[]): Promise<void> {
    this.accept()
    if (this.#failure) throw this.#failure
    if (this.#isEnding) throw relayFail('stream-ended', { meta: { name: this.name } })
    const last = parts.findLastIndex((part) => part.length > 0)
    if (last < 0) return
    await new Promise<void>((done, failed) => {
      for (const [i, bytes] of parts.entries())
        if (bytes.length > 0) this.#writes.push(i === last ? { bytes, done, failed } : { bytes, failed })
      this.#scheduleIfSendable()
    })
  }

  async end(): Promise<void> {
    this.accept()
    if (this.#isEndSent) return
    if (this.#failure) throw this.#failure
    this.#isEnding = true
    await new Promise<void>((done, failed) => {
      this.#enders.push({ done, failed })
      this.#scheduleIfSendable()
    })
  }

  reset(reason: ResetReason = 'cancelled'): void {
    if (this.#failure || this.#isOver()) return
    this.#link.sendReset(this, reason)
    this.#isReset = true
    this.#received.clear()
    this.fail(relayFail('stream-reset', { meta: { name: this.name, reason, by: 'this side' } }))
  }

  /** Grants the first window, which is what tells the other side that its stream was accepted. */
  accept(): void {
    if (this.#isAccepted || this.#failure) return
    this.#isAccepted = true
    this.#granted = this.#windowBytes
    this.#link.sendWindow(this, this.#windowBytes)
  }

  /** True where the stream was dropped, by either side. */
  get isFailed(): boolean {
    return this.#failure !== null
  }

  /** True where a frame could be sent now. */
  get isSendable(): boolean {
    if (this.#failure || this.#isEndSent) return false
    return this.#writeHead < this.#writes.length ? this.#credit > 0 : this.#isEnding
  }

  /** The next bytes to send, at most `maxBytes`, or null where only the end is left. */
  take(maxBytes: number): Uint8Array | null {
    const write = this.#writes[this.#writeHead]
    if (write === undefined) {
      this.#isEndSent = true
      for (const ender of this.#enders.splice(0)) ender.done()
      this.#settle()
      return null
    }
    const piece = write.bytes.subarray(0, Math.min(maxBytes, this.#credit))
    this.#credit -= piece.length
    write.bytes = write.bytes.subarray(piece.length)
    if (write.bytes.length === 0) {
      this.#writeHead += 1
      if (this.#writeHead === this.#writes.length) {
        this.#writes = []
        this.#writeHead = 0
      }
      write.done?.()
    }
    return piece
  }

  /** @throws channel/window-exceeded */
  peerSends(bytes: number): void {
    if (this.#isPeerEnded) throw relayFail('bad-frame', { expected: 'nothing after the end', meta: { id: this.id } })
    if (bytes > this.#granted)
      throw relayFail('window-exceeded', { expected: this.#granted, actual: bytes, meta: { id: this.id } })
    this.#granted -= bytes
  }

  peerSent(piece: Uint8Array): void {
    const reader = this.#reader
    if (reader === null) {
      this.#received.push(piece)
      return
    }
    this.#reader = null
    this.#giveCredit(piece.length)
    reader.done(piece)
  }

  /** @throws channel/window-exceeded where the credit adds up beyond `maxBytes` */
  peerGrants(credit: number, maxBytes: number): void {
    if (this.#credit + credit > maxBytes)
      throw relayFail('window-exceeded', { expected: maxBytes, actual: this.#credit + credit, meta: { id: this.id } })
    this.#credit += credit
    this.#scheduleIfSendable()
  }

  /** @throws channel/bad-frame on a second end */
  peerEnds(): void {
    if (this.#isPeerEnded) throw relayFail('bad-frame', { expected: 'one end', meta: { id: this.id } })
    this.#isPeerEnded = true
    this.#reader?.done(null)
    this.#reader = null
    this.#settle()
  }

  /** Drops the stream on this side and tells whoever waits. What the other side had sent to its end stays readable. */
  fail(error: AllodError): void {
    if (this.#failure || this.#isOver()) return
    this.#failure = error
    if (!this.#isPeerEnded) this.#received.clear()
    this.#reader?.failed(error)
    this.#reader = null
    for (const waiting of [...this.#writes.slice(this.#writeHead), ...this.#enders.splice(0)]) waiting.failed(error)
    this.#writes = []
    this.#writeHead = 0
    this.#link.forget(this)
  }

  #isOver(): boolean {
    return this.#isEndSent && this.#isPeerEnded
  }

  #settle(): void {
    if (this.#isOver()) this.#link.forget(this)
  }

  #scheduleIfSendable(): void {
    if (this.isSendable) this.#link.schedule(this)
  }

  /** Credit goes back in halves of the window: few frames, and a sender that never has to wait for a fast reader. */
  #giveCredit(bytes: number): void {
    this.#consumed += bytes
    if (this.#consumed * 2 < this.#windowBytes || this.#isPeerEnded) return
    this.#granted += this.#consumed
    this.#link.sendWindow(this, this.#consumed)
    this.#consumed = 0
  }
}
