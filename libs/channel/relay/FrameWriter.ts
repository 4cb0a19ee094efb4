import type { ByteDuplex } from '../ByteDuplex.ts'
import { relayFail } from '../errors.ts'
import { encodeHeader, MAX_FRAME_BYTES, PREFACE } from './frame.ts'
import type { Stream } from './RelayStream.ts'

/** Frames go out in batches of about this size: one system call for many small streams. */
const BATCH_BYTES = 256 * 1024
const BATCH_FRAMES = 256

/**
 * Puts frames on the channel: control frames first, then one frame of each ready stream in turn, so that none starves
 * another. `onBroken` hears of a channel that fails, and of a flood of control frames.
 */
export class FrameWriter {
  readonly #duplex: ByteDuplex
  readonly #maxControl: number
  readonly #onBroken: (cause: unknown) => void
  #ready: Stream[] = []
  #control: Uint8Array[] = [PREFACE]
  #pumping: Promise<void> | null = null
  #isStopped = false

  constructor(duplex: ByteDuplex, maxControl: number, onBroken: (cause: unknown) => void) {
    this.#duplex = duplex
    this.#maxControl = maxControl
    this.#onBroken = onBroken
  }

  /** Queues a control frame, and sends what is queued. */
  send(...parts: readonly Uint8Array[]): void {
    if (this.#isStopped) return
    this.#control.push(...parts)
    // One side alone can make the other answer (by opening and dropping streams) and not read: that needs a bound.
    if (this.#control.length > this.#maxControl) this.#onBroken(relayFail('control-flood'))
    this.#pump()
  }

  /** Lets a stream send when its turn comes. */
  schedule(stream: Stream): void {
    if (stream.isScheduled || this.#isStopped) return
    stream.isScheduled = true
    this.#ready.push(stream)
    this.#pump()
  }

  /** Resolves when nothing is left to send; at once when idle. */
  async idle(): Promise<void> {
    await this.#pumping
  }

  stop(): void {
    this.#isStopped = true
    this.#ready = []
    this.#control = []
  }

  #pump(): void {
    this.#pumping ??= this.#writeFrames()
  }

  async #writeFrames(): Promise<void> {
    // The first batch waits a turn, so that frames made in one go leave in one system call.
    await undefined
    try {
      for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch())
        await this.#duplex.write(...batch)
    } catch (cause) {
      this.#onBroken(cause)
    } finally {
      this.#pumping = null
    }
  }

  #nextBatch(): Uint8Array[] {
    const batch = this.#control
    this.#control = []
    let bytes = 0
    let turn = 0
    const ready = this.#ready
    for (; turn < Math.min(ready.length, BATCH_FRAMES) && bytes < BATCH_BYTES; turn++) {
      const stream = ready[turn] as Stream
      stream.isScheduled = false
      if (!stream.isSendable) continue
      const { isOurs, id } = stream
      const piece = stream.take(MAX_FRAME_BYTES)
      if (piece === null) batch.push(encodeHeader({ kind: 'end', isOurs, id, value: 0 }))
      else batch.push(encodeHeader({ kind: 'data', isOurs, id, value: piece.length }), piece)
      bytes += piece?.length ?? 0
      if (stream.isSendable && !stream.isScheduled) {
        stream.isScheduled = true
        ready.push(stream)
      }
    }
    this.#ready = ready.slice(turn)
    return batch
  }
}
