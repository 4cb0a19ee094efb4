import { type AccessToken, type Hex, requireAccessToken } from '@allod/protocol'
import { fail } from '../errors.ts'

const MAX_HOLDERS = 100_000

/** What each token holder used, by token id. When it is full nobody new is let in. */
export class Quotas {
  readonly #used = new Map<Hex, { tokens: number; minute: number; requests: number }>()
  readonly #requestsPerMinute: number
  readonly #tokensPerClient: number

  constructor(limits: { readonly requestsPerMinute: number; readonly tokensPerClient: number }) {
    this.#requestsPerMinute = limits.requestsPerMinute
    this.#tokensPerClient = limits.tokensPerClient
  }

  /**
   * Counts a request of a token's holder.
   * @throws protocol/token-refused, runtime/quota-used-up, runtime/too-many-requests
   */
  admit(token: AccessToken, expected: { readonly order: Hex; readonly issuer: Hex; readonly now: number }): void {
    requireAccessToken(token, expected)
    const minute = Math.floor(expected.now / 60)
    const used = this.#used.get(token.id) ?? { tokens: 0, minute, requests: 0 }
    if (!this.#used.has(token.id) && this.#used.size >= MAX_HOLDERS)
      throw fail('too-many-requests', { expected: MAX_HOLDERS })
    const requests = used.minute === minute ? used.requests + 1 : 1
    if (requests > this.#requestsPerMinute) throw fail('too-many-requests', { expected: this.#requestsPerMinute })
    const limit = Math.min(token.quota, this.#tokensPerClient)
    if (used.tokens >= limit) throw fail('quota-used-up', { expected: limit, actual: used.tokens })
    this.#used.set(token.id, { tokens: used.tokens, minute, requests })
  }

  /** Adds what an answer cost. */
  spend(id: Hex, tokens: number): void {
    const used = this.#used.get(id)
    if (used !== undefined) used.tokens += tokens
  }
}
