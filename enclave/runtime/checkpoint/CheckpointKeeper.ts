import { hash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { rawBody, rawRef, requireStorageReceipt } from '@allod/content'
import type { Store } from '@allod/content/stores'
import type { CheckpointRef, Hex, Secret } from '@allod/protocol'
import { MAX_CHECKPOINT_BYTES, sealCheckpoint } from './sealCheckpoint.ts'

/** How many checkpoints one enclave sends to stores at most; the training goes on without. */
const MAX_CHECKPOINTS = 1000
/** After each one it rests so many times as long as sealing it took: the training keeps 19 of 20 parts of the machine. */
const RESTS = 20

/** What a keeper of checkpoints works with. */
export type CheckpointPlace = {
  /** The file that the engine renames each new checkpoint to. */
  readonly path: string
  readonly key: Secret
  readonly order: Hex
  readonly stores: readonly Store[]
  /** Tells the host where the newest one lies, for a next generation. */
  readonly announce: (ref: CheckpointRef) => Promise<unknown>
  /** How often the file is looked at, milliseconds; more seldom where keeping one takes long. */
  readonly everyMs?: number
}

/**
 * Seals an engine's checkpoints and sends them to stores while it trains. Losing one costs work, never a secret or a
 * payment, so a store or host that fails is passed over.
 */
export class CheckpointKeeper {
  readonly #place: CheckpointPlace
  readonly #stop = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #seen = ''
  #kept = 0

  constructor(place: CheckpointPlace) {
    this.#place = place
  }

  start(): void {
    this.#loop = this.#run()
  }

  /** Ends; one that is under way is finished first. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { everyMs = 1000 } = this.#place
    while (!this.#stop.signal.aborted && this.#kept < MAX_CHECKPOINTS) {
      const workMs = await this.#keepNewest().catch(() => 0)
      await delay(Math.max(everyMs, RESTS * workMs), undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }

  /** Milliseconds of work, waiting for stores not counted: they must not say how seldom one is kept. */
  async #keepNewest(): Promise<number> {
    const { path, key, order, stores, announce } = this.#place
    const file = await stat(path).catch(() => null)
    if (file === null || file.size > MAX_CHECKPOINT_BYTES) return 0
    const version = `${file.ino}/${file.mtimeMs}/${file.size}`
    if (version === this.#seen) return 0
    this.#seen = version
    const from = performance.now()
    const bytes = await readFile(path)
    const sealed = sealCheckpoint(key, order, bytes)
    bytes.fill(0)
    const digest: Hex = `0x${hash('sha256', sealed, 'hex')}`
    const workMs = performance.now() - from
    const held = await Promise.allSettled(
      stores.map(async (store) => {
        const receipt = await store.put(rawRef(digest), rawBody(sealed))
        requireStorageReceipt(receipt, { store: store.id, digest, sizeBytes: sealed.length })
      }),
    )
    if (!held.some(({ status }) => status === 'fulfilled')) return workMs
    await announce({ digest, sizeBytes: sealed.length })
    this.#kept++
    return workMs
  }
}
