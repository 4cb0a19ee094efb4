import { evidenceHash } from '@allod/attestation'
import { createServiceKey, ReplaySet, type ServiceKey } from '@allod/channel'
import { toHex } from '@allod/protocol'
import { gatherEvidence } from '../attest/gatherEvidence.ts'
import type { OpenOrder } from '../OpenOrder.ts'

const ROTATE_MS = 3_600_000
/** A retired key answers a little longer, for requests that were sealed before its end. */
const LINGER_MS = 300_000
/** Clients have no keeper id: their nonce stands under this one. */
const CLIENT_ID = `0x${'00'.repeat(32)}` as const

/** The keys clients seal requests to, a new one every hour, each with its own memory of what it answered. */
export class ServiceKeys {
  readonly #order: OpenOrder
  #keys: readonly { readonly key: ServiceKey; readonly madeAt: number }[] = []

  constructor(order: OpenOrder) {
    this.#order = order
  }

  /** The keys that may still be used, the present one first. */
  async live(): Promise<readonly ServiceKey[]> {
    const now = performance.now()
    const newest = this.#keys[0]
    if (newest === undefined || now - newest.madeAt > ROTATE_MS) {
      const { job, elected } = this.#order
      const pair = await createServiceKey()
      const key = { ...pair, orderId: job.order, bundleHash: evidenceHash(elected.bundle), replays: new ReplaySet() }
      this.#keys = [{ key, madeAt: now }, ...this.#keys]
    }
    const [kept, gone] = [
      this.#keys.filter((k) => now - k.madeAt <= ROTATE_MS + LINGER_MS),
      this.#keys.filter((k) => now - k.madeAt > ROTATE_MS + LINGER_MS),
    ]
    for (const { key } of gone) key.privateKey.erase()
    this.#keys = kept
    return kept.map((k) => k.key)
  }

  /** Evidence over a client's nonce that binds the present key to this order. */
  async evidence(nonce: `0x${string}`) {
    const [key] = await this.live()
    const { attester, job, keys } = this.#order
    if (key === undefined) throw new Error('there is always a live key')
    return gatherEvidence(
      attester,
      job,
      { role: 'client', hpkeKey: toHex(key.publicKey), signingAddress: keys.signing.address },
      [{ id: CLIENT_ID, nonce }],
    )
  }

  /** Nothing can be opened any more. */
  erase(): void {
    for (const { key } of this.#keys) key.privateKey.erase()
    this.#keys = []
  }
}
