import { type Decision, decisionHash, fromHex, type Hex, type SignedDecision, signDigest } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { KeeperKeys } from '../keys/keeperKeys.ts'

/** Takes one entry; resolves only once it is safe where it is kept. */
export type Emit = (entry: SignedDecision) => Promise<void>

/** What an entry says beside who, when and after which. */
export type Entry = Pick<Decision, 'kind' | 'order' | 'generation' | 'enclave' | 'subject' | 'outcome'>

/**
 * The hash-chained, signed log of one run of a keeper; its first entry names the last one of earlier runs. Entries leave one
 * after the other. A number is used once even if its entry got lost on the way, because two different entries of one number
 * would prove that the keeper lied.
 */
export class DecisionLog {
  readonly #keys: Pick<KeeperKeys, 'id' | 'signing'>
  readonly #emit: Emit
  readonly #boot: Hex
  readonly #now: () => number
  #seq = 0
  #previous: Hex
  #last: Promise<void> = Promise.resolve()

  /**
   * @param options.boot 16 random bytes that name this run
   * @param options.previous what `earlierBoots` gave
   */
  constructor(
    keys: Pick<KeeperKeys, 'id' | 'signing'>,
    emit: Emit,
    { boot, previous, now }: { readonly boot: Hex; readonly previous: Hex; readonly now: () => number },
  ) {
    this.#keys = keys
    this.#emit = emit
    this.#boot = boot
    this.#previous = previous
    this.#now = now
  }

  /** Logs a decision; resolves once it is kept. @throws keeper/log-unavailable */
  append(entry: Entry): Promise<void> {
    const turn = this.#last.then(() => this.#write(entry))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #write(entry: Entry): Promise<void> {
    const decision: Decision = {
      ...entry,
      keeper: this.#keys.id,
      boot: this.#boot,
      seq: this.#seq++,
      previous: this.#previous,
      time: this.#now(),
    }
    const hash = decisionHash(decision)
    this.#previous = hash
    const { signing } = this.#keys
    try {
      await this.#emit({
        decision,
        by: { signer: signing.address, signature: signDigest(signing, fromHex(hash, 32)) },
      })
    } catch (cause) {
      throw fail('log-unavailable', { cause, meta: { seq: decision.seq } })
    }
  }
}
