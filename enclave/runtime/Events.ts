import { hpkeSeal } from '@allod/content'
import {
  anyJson,
  canonicalise,
  type GuestEvent,
  type JobDocument,
  type Json,
  logInfo,
  type phases,
} from '@allod/protocol'
import { ask, type HostLink } from './HostLink.ts'

/** Events wait here while the host is slow; beyond it the oldest are dropped, figures before phases. */
const MAX_WAITING = 256

/** Tells the buyer how the order stands: phases in the open, figures sealed to the log key of the spec. */
export class Events {
  readonly #host: HostLink
  readonly #job: JobDocument
  #waiting: GuestEvent[] = []
  #sending: Promise<void> = Promise.resolve()
  #seq = 0

  constructor(host: HostLink, job: JobDocument) {
    this.#host = host
    this.#job = job
  }

  /** A phase, which anybody may know. `detail` must not hold anything of the inputs. */
  phase(phase: (typeof phases)[number], detail: string | null = null): void {
    this.#add({ phase, detail, sealed: null })
  }

  /** Figures for the buyer's eyes. Batches are numbered, so that a dropped or moved one shows. */
  async figures(figures: readonly Json[]): Promise<void> {
    const { order, generation, spec } = this.#job
    const info = logInfo({ order, generation, seq: this.#seq++ })
    const sealed = await hpkeSeal(spec.recipients.logs, info, new Uint8Array(), canonicalise(figures))
    this.#add({ phase: null, detail: null, sealed })
  }

  /** Resolves when everything told so far was sent, or could not be. */
  async flush(): Promise<void> {
    await this.#sending
  }

  #add(event: GuestEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length > MAX_WAITING)
      this.#waiting.splice(
        Math.max(
          0,
          this.#waiting.findIndex((e) => e.phase === null),
        ),
        1,
      )
    this.#sending = this.#sending.then(() => this.#send())
  }

  // Telling is a courtesy: a host that drops events harms nobody's secret and no payment.
  async #send(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length > 0) await ask(this.#host, 'provider', '/events', batch, anyJson(8)).catch(() => undefined)
  }
}
