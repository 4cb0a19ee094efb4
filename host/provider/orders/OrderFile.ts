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
} from 'node:fs'
import { join } from 'node:path'
import {
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

/** An order as sent by its buyer; the generation is the provider's to count. */
export type OrderJob = Omit<JobDocument, 'generation'>

const MAX_EVENTS = 100_000

/** One order's files: the job, the events of its enclaves, the report. Everything survives a SIGKILL. */
export class OrderFile {
  readonly order: Hex
  readonly job: OrderJob
  readonly #folder: string
  readonly #events: OrderEvent[]
  readonly #news = new EventEmitter().setMaxListeners(0)
  #ended = false

  constructor(folder: string, job: OrderJob) {
    this.order = job.order
    this.job = job
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeWhole(join(folder, 'job.json'), { ...job, generation: 0 })
    this.#events = readEvents(join(folder, 'events.ndjson'))
  }

  /** Every order in a folder. */
  static all(folder: string): readonly OrderFile[] {
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      if (!existsSync(join(path, 'job.json'))) return []
      const { generation: _, ...job } = jobDocumentShape(JSON.parse(readFileSync(join(path, 'job.json'), 'utf8')))
      return [new OrderFile(path, job)]
    })
  }

  /** Adds an event as the host saw it: numbered, timed. */
  append(generation: number, event: GuestEvent): void {
    if (this.#events.length >= MAX_EVENTS) return
    const whole = orderEventShape({ order: this.order, generation, seq: this.#events.length, time: Date.now(), event })
    appendFileSync(join(this.#folder, 'events.ndjson'), `${JSON.stringify(whole)}\n`, { mode: 0o600 })
    this.#events.push(whole)
    this.#news.emit('event')
  }

  /** No more events will come. */
  end(): void {
    this.#ended = true
    this.#news.emit('event')
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
      } else if (!waits || this.#ended) return
      else await once(this.#news, 'event', { signal }).catch(() => undefined)
    }
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

function readEvents(path: string): OrderEvent[] {
  if (!existsSync(path)) return []
  // A crash may cut the last line short; what was not whole was not told to anyone. It goes, or the next would continue it.
  const bytes = readFileSync(path)
  const wholeBytes = bytes.lastIndexOf('\n') + 1
  if (wholeBytes < bytes.length) truncateSync(path, wholeBytes)
  return bytes
    .toString('utf8', 0, wholeBytes)
    .split('\n')
    .slice(0, -1)
    .map((line) => orderEventShape(JSON.parse(line)))
}
