import { EventEmitter, once } from 'node:events'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  type BeatRequest,
  beatRequestShape,
  type CheckpointRef,
  checkpointRefShape,
  type FailRequest,
  failRequestShape,
  type GuestEvent,
  type Hex,
  type JobDocument,
  type Json,
  jobDocumentShape,
  type OrderEvent,
  orderEventShape,
  type ReportRequest,
  reportRequestShape,
  type Shape,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { LineFile } from './LineFile.ts'

/** An order as sent by its buyer; the generation is the provider's to count. */
export type OrderJob = Omit<JobDocument, 'generation'>

/** Some forty thousand events as engines tell them, sealed. */
const MAX_EVENT_BYTES = 128 << 20
/** A beat of the shortest lease there is, for a year. */
const MAX_BEATS = 16_000_000

/**
 * One order's files: the job, the events of its enclaves, the report. Everything survives a SIGKILL. Events are read from disk
 * by whoever wants them; of an order that is over nothing is kept in memory.
 */
export class OrderFile {
  readonly order: Hex
  readonly #folder: string
  readonly #events: LineFile<OrderEvent>
  readonly #beatFile: LineFile<BeatRequest>
  readonly #news = new EventEmitter().setMaxListeners(0)
  readonly #maxEventBytes: number
  #job: OrderJob | null
  #nextSeq = 0
  #beats: BeatRequest[] = []
  #isOver: boolean

  constructor(
    folder: string,
    job: OrderJob,
    { maxEventBytes = MAX_EVENT_BYTES }: { readonly maxEventBytes?: number } = {},
  ) {
    this.order = job.order
    this.#maxEventBytes = maxEventBytes
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Written once: a disk that is full when the provider comes up again costs no order. What is damaged is no job.
    if (!hasJob(folder)) writeWhole(join(folder, 'job.json'), { ...job, generation: 0 })
    this.#isOver = existsSync(join(folder, 'over'))
    this.#job = this.#isOver ? null : job
    this.#events = new LineFile(join(folder, 'events.ndjson'), orderEventShape)
    this.#beatFile = new LineFile(join(folder, 'beats.ndjson'), beatRequestShape)
    if (this.#isOver) return
    this.#nextSeq = (this.#events.load().at(-1)?.seq ?? -1) + 1
    this.#beats = this.#beatFile.load()
  }

  /** Every order in a folder. */
  static all(folder: string): readonly OrderFile[] {
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      if (!existsSync(join(path, 'job.json'))) return []
      try {
        return [new OrderFile(path, readJob(path))]
      } catch (error) {
        // One order's damaged files stop no other order.
        process.stderr.write(`${path}: not readable, left alone: ${error instanceof Error ? error.name : 'error'}\n`)
        return []
      }
    })
  }

  get job(): OrderJob {
    return this.#job ?? readJob(this.#folder)
  }

  /**
   * Adds an event as the host saw it: numbered, timed.
   * @param options.isLast whether it is the host's own word that all is over. Whoever waits for that is told of it, however much
   * was told before; an enclave may say that it ended as often as it likes.
   */
  append(generation: number, event: GuestEvent, { isLast = false }: { readonly isLast?: boolean } = {}): void {
    if (this.#isOver || (this.#events.sizeBytes >= this.#maxEventBytes && !isLast)) return
    const seq = this.#nextSeq
    const whole = orderEventShape({ order: this.order, generation, seq, time: Date.now(), event })
    try {
      this.#events.append(whole, { isFlushed: false })
    } catch (error) {
      // A full disk costs an event, never the order. What is not kept has no number and is told to nobody: after a restart
      // another event would have its number.
      process.stderr.write(`order ${this.order}: event not kept: ${(error as NodeJS.ErrnoException).code}\n`)
      return
    }
    this.#nextSeq = seq + 1
    this.#news.emit('event')
  }

  /** No more events will come, and nothing is left to carry to the chain: now, and after a restart. */
  end(): void {
    writeWhole(join(this.#folder, 'over'), true)
    this.#isOver = true
    this.#job = null
    this.#beats = []
    this.#news.emit('event')
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Events from `seq` on; waits for new ones until `signal` or until the order has ended. */
  async *eventsFrom(
    seq: number,
    { waits, signal }: { readonly waits: boolean; readonly signal: AbortSignal },
  ): AsyncGenerator<OrderEvent> {
    // Anybody may ask, again and again, and a file is long: what was told before is not read to find what comes after it.
    const isNothingThere = !this.#isOver && seq >= this.#nextSeq
    const start = isNothingThere ? this.#events.sizeBytes : await this.#events.startOf((event) => event.seq < seq)
    for (let at = start; !signal.aborted; ) {
      const { sizeBytes } = this.#events
      for await (const { value, endByte } of this.#events.read(at)) {
        at = endByte
        if (value.seq >= seq) yield value
        if (signal.aborted) return
      }
      if (this.#events.sizeBytes > sizeBytes) continue
      if (!waits || this.#isOver) return
      await once(this.#news, 'event', { signal }).catch(() => undefined)
    }
  }

  /** Keeps attested time, in the order in which it was attested, before its enclave is told that it need not ask for it again. */
  saveBeat(beat: BeatRequest): void {
    if (this.#beats.length >= MAX_BEATS) throw fail('guest-request', { expected: `at most ${MAX_BEATS} beats` })
    this.#beatFile.append(beat, { isFlushed: true })
    this.#beats.push(beat)
  }

  /** Attested time that ends after `upTo`, Unix seconds, oldest first. */
  beatsAfter(upTo: number): readonly BeatRequest[] {
    return this.#beats.filter(({ alive }) => alive.upTo > upTo)
  }

  /** Keeps the report that the enclave signed, before anything of it goes on chain. */
  saveReport(report: ReportRequest): void {
    writeWhole(join(this.#folder, 'report.json'), report)
  }

  /** Keeps what the enclave signed of its failure, before it goes on chain. */
  saveFailure(failure: FailRequest): void {
    writeWhole(join(this.#folder, 'failure.json'), failure)
  }

  /** Why the last enclave that said so gave up, where one did. */
  failure(): FailRequest | null {
    return this.#kept('failure.json', failRequestShape)
  }

  /** Keeps where the newest checkpoint lies, for a next generation. */
  saveCheckpoint(ref: CheckpointRef): void {
    writeWhole(join(this.#folder, 'checkpoint.json'), ref)
  }

  /** The newest checkpoint, where there is one. */
  checkpoint(): CheckpointRef | null {
    return this.#kept('checkpoint.json', checkpointRefShape)
  }

  /** The report, where there is one. */
  report(): ReportRequest | null {
    return this.#kept('report.json', reportRequestShape)
  }

  #kept<T>(name: string, shape: Shape<T>): T | null {
    const path = join(this.#folder, name)
    return existsSync(path) ? shape(JSON.parse(readFileSync(path, 'utf8'))) : null
  }
}

function readJob(folder: string): OrderJob {
  const { generation: _, ...job } = jobDocumentShape(JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')))
  return job
}

function hasJob(folder: string): boolean {
  try {
    readJob(folder)
    return true
  } catch {
    return false
  }
}

function writeWhole(path: string, value: Json): void {
  writeFileSync(`${path}.part`, JSON.stringify(value), { mode: 0o600 })
  const file = openSync(`${path}.part`, 'r')
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.part`, path)
}
