import { EventEmitter, once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  type BeatRequest,
  beatRequestShape,
  type CheckpointRef,
  checkpointRefShape,
  type GuestEvent,
  type Hex,
  type JobDocument,
  type Json,
  jobDocumentShape,
  type OrderEvent,
  orderEventShape,
  type ReportRequest,
  reportRequestShape,
} from '@allod/protocol'
import { fail } from '../errors.ts'

/** An order as sent by its buyer; the generation is the provider's to count. */
export type OrderJob = Omit<JobDocument, 'generation'>

const MAX_EVENTS = 100_000
/** A beat of the shortest lease there is, for a year. */
const MAX_BEATS = 16_000_000

/** One order's files: the job, the events of its enclaves, the report. Everything survives a SIGKILL. */
export class OrderFile {
  readonly order: Hex
  readonly job: OrderJob
  readonly #folder: string
  readonly #events: OrderEvent[]
  readonly #beats: BeatRequest[]
  readonly #news = new EventEmitter().setMaxListeners(0)
  #isOver: boolean

  constructor(folder: string, job: OrderJob) {
    this.order = job.order
    this.job = job
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeWhole(join(folder, 'job.json'), { ...job, generation: 0 })
    this.#isOver = existsSync(join(folder, 'over'))
    this.#events = readLines(join(folder, 'events.ndjson'), orderEventShape)
    this.#beats = readLines(join(folder, 'beats.ndjson'), beatRequestShape)
  }

  /** Every order in a folder. */
  static all(folder: string): readonly OrderFile[] {
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      if (!existsSync(join(path, 'job.json'))) return []
      try {
        const { generation: _, ...job } = jobDocumentShape(JSON.parse(readFileSync(join(path, 'job.json'), 'utf8')))
        return [new OrderFile(path, job)]
      } catch (error) {
        // One order's damaged files stop no other order.
        process.stderr.write(`${path}: not readable, left alone: ${error instanceof Error ? error.name : 'error'}\n`)
        return []
      }
    })
  }

  /** Adds an event as the host saw it: numbered, timed. */
  append(generation: number, event: GuestEvent): void {
    if (this.#events.length >= MAX_EVENTS) return
    const whole = orderEventShape({ order: this.order, generation, seq: this.#events.length, time: Date.now(), event })
    try {
      appendFileSync(join(this.#folder, 'events.ndjson'), `${JSON.stringify(whole)}\n`, { mode: 0o600 })
    } catch (error) {
      // A full disk costs the record of an event, never the order.
      process.stderr.write(`order ${this.order}: event not kept: ${(error as NodeJS.ErrnoException).code}\n`)
    }
    this.#events.push(whole)
    this.#news.emit('event')
  }

  /** No more events will come, and nothing is left to carry to the chain: now, and after a restart. */
  end(): void {
    writeWhole(join(this.#folder, 'over'), true)
    this.#isOver = true
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
    for (let i = seq; !signal.aborted; ) {
      const event = this.#events[i]
      if (event !== undefined) {
        yield event
        i++
      } else if (!waits || this.#isOver) return
      else await once(this.#news, 'event', { signal }).catch(() => undefined)
    }
  }

  /** Keeps attested time, in the order in which it was attested, before its enclave is told that it need not ask for it again. */
  saveBeat(beat: BeatRequest): void {
    if (this.#beats.length >= MAX_BEATS) throw fail('guest-request', { expected: `at most ${MAX_BEATS} beats` })
    appendWhole(join(this.#folder, 'beats.ndjson'), beat)
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

  /** Keeps where the newest checkpoint lies, for a next generation. */
  saveCheckpoint(ref: CheckpointRef): void {
    writeWhole(join(this.#folder, 'checkpoint.json'), ref)
  }

  /** The newest checkpoint, where there is one. */
  checkpoint(): CheckpointRef | null {
    const path = join(this.#folder, 'checkpoint.json')
    return existsSync(path) ? checkpointRefShape(JSON.parse(readFileSync(path, 'utf8'))) : null
  }

  /** The report, where there is one. */
  report(): ReportRequest | null {
    const path = join(this.#folder, 'report.json')
    return existsSync(path) ? reportRequestShape(JSON.parse(readFileSync(path, 'utf8'))) : null
  }
}

function writeWhole(path: string, value: Json): void {
  writeFileSync(`${path}.part`, JSON.stringify(value), { mode: 0o600 })
  const file = openSync(`${path}.part`, 'r')
  fsyncSync(file)
  closeSync(file)
  renameSync(`${path}.part`, path)
}

function appendWhole(path: string, value: Json): void {
  const file = openSync(path, 'a', 0o600)
  try {
    writeSync(file, `${JSON.stringify(value)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function readLines<T>(path: string, shape: (value: unknown) => T): T[] {
  if (!existsSync(path)) return []
  // A crash may cut the last line short; what was not whole was not told to anyone. It goes, or the next would continue it.
  const bytes = readFileSync(path)
  const wholeBytes = bytes.lastIndexOf('\n') + 1
  if (wholeBytes < bytes.length) truncateSync(path, wholeBytes)
  return bytes
    .toString('utf8', 0, wholeBytes)
    .split('\n')
    .slice(0, -1)
    .map((line) => shape(JSON.parse(line)))
}
