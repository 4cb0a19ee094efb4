import { open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type Metric, parseMetric } from '@allod/models'
import type { Policy } from '@allod/protocol'

/** Each look that finds something costs a sealing, on a core that the engine could use. */
const POLL_MS = 1000
/** How many lines of metrics a job may write in all. */
const MAX_LINES = 100_000

/** Follows an engine's metrics file while it grows, and passes on what policies let out. */
export class MetricsTail {
  readonly #path: string
  readonly #allowed: Policy['outputs']['metrics']
  readonly #onFigures: (figures: readonly Metric[]) => Promise<void>
  readonly #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #offset = 0
  #rest = ''
  #lines = 0

  constructor(
    path: string,
    allowed: Policy['outputs']['metrics'],
    onFigures: (figures: readonly Metric[]) => Promise<void>,
  ) {
    this.#path = path
    this.#allowed = allowed
    this.#onFigures = onFigures
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Reads what is left and stops. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
    // A read takes a part; the file does not grow any more, and sandboxes bound its size.
    while (await this.#readOrNot());
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await delay(POLL_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      await this.#readOrNot()
    }
  }

  // Figures are a courtesy: what cannot be read or passed on costs the buyer a line, never the job.
  #readOrNot(): Promise<boolean> {
    return this.#read().catch(() => false)
  }

  /** Passes on the next part of the file. False where there was none, or where no more is let out. */
  async #read(): Promise<boolean> {
    const file = await open(this.#path, 'r').catch(() => null)
    if (file === null) return false
    try {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(1 << 16), position: this.#offset })
      this.#offset += bytesRead
      const lines = (this.#rest + buffer.toString('utf8', 0, bytesRead)).split('\n')
      this.#rest = (lines.pop() ?? '').slice(0, 4096)
      this.#lines += lines.length
      if (this.#lines > MAX_LINES) return false
      const figures = lines.flatMap((line) => parseMetric(line) ?? []).filter((m) => this.#allowed.includes(m.event))
      if (figures.length > 0) await this.#onFigures(figures)
      return bytesRead > 0
    } finally {
      await file.close()
    }
  }
}
