import { equalBytes } from '@allod/protocol'
import { relayFail } from '../errors.ts'
import { decodeHeader, type FrameHeader, HEADER_BYTES, NAME, PREFACE } from './frame.ts'

/** What a parser tells its relay. A DATA frame comes in as many pieces as the channel cut it into. */
export type FrameSink = {
  onOpen(id: number, name: string): void
  /** Called once per frame before its pieces, with the whole length. */
  onDataStart(header: FrameHeader): void
  onData(header: FrameHeader, piece: Uint8Array): void
  onWindow(header: FrameHeader): void
  onEnd(header: FrameHeader): void
  onReset(header: FrameHeader): void
}

/**
 * Cuts a byte stream into frames, whatever pieces it arrives in; holds at most a header or a name.
 * `push` throws channel/bad-preface or channel/bad-frame; after that the parser must not be used again.
 */
export class FrameParser {
  readonly #sink: FrameSink
  readonly #held = new Uint8Array(64)
  #heldBytes = 0
  #state: 'preface' | 'header' | 'name' | 'data' = 'preface'
  #header: FrameHeader | null = null
  #left = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#left)
        at += piece.length
        this.#left -= piece.length
        const header = this.#header as FrameHeader
        if (this.#left === 0) this.#expect('header')
        this.#sink.onData(header, piece)
        continue
      }
      const wanted = this.#wanted()
      const piece = bytes.subarray(at, at + wanted - this.#heldBytes)
      this.#held.set(piece, this.#heldBytes)
      this.#heldBytes += piece.length
      at += piece.length
      if (this.#heldBytes === wanted) this.#complete(this.#held.subarray(0, wanted))
    }
  }

  /** @throws channel/channel-cut where the channel ended inside a frame or before the preface */
  finish(): void {
    if (this.#state !== 'header' || this.#heldBytes > 0)
      throw relayFail('channel-cut', { meta: { inside: this.#state } })
  }

  #wanted(): number {
    if (this.#state === 'preface') return PREFACE.length
    return this.#state === 'header' ? HEADER_BYTES : (this.#header as FrameHeader).value
  }

  #expect(state: 'header' | 'name' | 'data'): void {
    this.#state = state
    this.#heldBytes = 0
  }

  #complete(bytes: Uint8Array): void {
    if (this.#state === 'preface') {
      if (!equalBytes(bytes, PREFACE)) throw relayFail('bad-preface')
      this.#expect('header')
    } else if (this.#state === 'name') {
      const name = String.fromCharCode(...bytes)
      if (!NAME.test(name)) throw relayFail('bad-frame', { expected: 'a name of visible ASCII' })
      this.#expect('header')
      this.#sink.onOpen((this.#header as FrameHeader).id, name)
    } else {
      const header = decodeHeader(bytes)
      this.#header = header
      this.#left = header.value
      this.#expect(header.kind === 'open' ? 'name' : header.kind === 'data' ? 'data' : 'header')
      this.#tell(header)
    }
  }

  #tell(header: FrameHeader): void {
    switch (header.kind) {
      case 'open':
        break
      case 'data':
        this.#sink.onDataStart(header)
        break
      case 'window':
        this.#sink.onWindow(header)
        break
      case 'end':
        this.#sink.onEnd(header)
        break
      case 'reset':
        this.#sink.onReset(header)
        break
      default:
        header.kind satisfies never
    }
  }
}
