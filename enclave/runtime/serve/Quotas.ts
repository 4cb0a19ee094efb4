import { type AccessToken, type Hex, requireAccessToken } from '@allod/protocol'
import { fail } from '../errors.ts'

const MAX_HOLDERS = 100_000
const DAY_SECONDS = 86_400

export type Limits = {
  readonly requestsPerMinute: number
  readonly tokensPerDay: number
  readonly bytesPerDay: number
}

/** What a request may cost in tokens: its prompts at most, how many answers it asks for, and how long each may be. */
export type Cost = { readonly prompt: number; readonly answers: number; readonly wanted: number }

/** What one request may still cost; `settle` says what it did cost, once. */
export type Spending = {
  /** How long each answer may be: as long as asked for, or what is left. */
  readonly maxTokens: number
  /** Counts bytes before they are sent. @throws runtime/quota-used-up where the day's do not hold them; none are counted */
  readonly bytes: (count: number) => void
  readonly settle: (tokens: number) => void
}

type Used = {
  /** Tokens of the access token's whole life. */
  tokens: number
  /** Held back for answers that are not over. */
  reserved: number
  minute: number
  requests: number
  day: number
  tokensToday: number
  bytesToday: number
}

/**
 * What each token holder used, by token id. When it is full nobody new is let in. Days and minutes turn by the machine's
 * clock, which is its owner's: who owns the machine can give out a day's allowance early, as it can stop to answer.
 */
export class Quotas {
  readonly #used = new Map<Hex, Used>()
  readonly #limits: Limits

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /**
   * Counts a request of a token's holder.
   * @throws protocol/token-refused, runtime/quota-used-up, runtime/too-many-requests
   */
  admit(token: AccessToken, expected: { readonly order: Hex; readonly issuer: Hex; readonly now: number }): void {
    requireAccessToken(token, expected)
    const used = this.#at(token.id, expected.now)
    if (used.requests >= this.#limits.requestsPerMinute)
      throw fail('too-many-requests', { expected: this.#limits.requestsPerMinute })
    this.#left(token, used)
    used.requests++
    this.#used.set(token.id, used)
  }

  /**
   * Holds back what an answer may cost at most, so that requests at once cannot use more than one after the other.
   * @throws runtime/quota-used-up, also where not a token of each answer would be left
   */
  reserve(token: AccessToken, { prompt, answers, wanted }: Cost, now: number): Spending {
    const used = this.#at(token.id, now)
    const left = this.#left(token, used)
    if (prompt + answers > left)
      throw fail('quota-used-up', {
        expected: left,
        actual: prompt + answers,
        meta: { of: this.#scarcer(token, used) },
      })
    const maxTokens = answers === 0 ? 0 : Math.min(wanted, Math.floor((left - prompt) / answers))
    const held = prompt + answers * maxTokens
    used.reserved += held
    let isSettled = false
    return {
      maxTokens,
      bytes: (count) => {
        this.#requireBytes(used.bytesToday + count)
        used.bytesToday += count
      },
      settle: (tokens) => {
        if (isSettled) return
        isSettled = true
        used.reserved -= held
        used.tokens += tokens
        used.tokensToday += tokens
      },
    }
  }

  #at(id: Hex, now: number): Used {
    const [minute, day] = [Math.floor(now / 60), Math.floor(now / DAY_SECONDS)]
    const used = this.#used.get(id)
    if (used === undefined) {
      if (this.#used.size >= MAX_HOLDERS) throw fail('too-many-requests', { expected: MAX_HOLDERS })
      return { tokens: 0, reserved: 0, minute, requests: 0, day, tokensToday: 0, bytesToday: 0 }
    }
    if (used.minute !== minute) Object.assign(used, { minute, requests: 0 })
    if (used.day !== day) Object.assign(used, { day, tokensToday: 0, bytesToday: 0 })
    return used
  }

  #left(token: AccessToken, used: Used): number {
    const { tokensPerDay } = this.#limits
    const { tokens, reserved, tokensToday, bytesToday } = used
    this.#requireBytes(bytesToday + 1)
    const left = Math.min(token.quota - tokens, tokensPerDay - tokensToday) - reserved
    if (left <= 0)
      throw fail('quota-used-up', {
        expected: Math.min(token.quota, tokensPerDay),
        actual: Math.max(tokens, tokensToday) + reserved,
        meta: { of: this.#scarcer(token, used) },
      })
    return left
  }

  #requireBytes(bytes: number): void {
    const { bytesPerDay } = this.#limits
    if (bytes > bytesPerDay)
      throw fail('quota-used-up', { expected: bytesPerDay, actual: bytes, meta: { of: 'bytes a day' } })
  }

  #scarcer({ quota }: AccessToken, { tokens, tokensToday }: Used): string {
    return quota - tokens <= this.#limits.tokensPerDay - tokensToday ? 'the token' : 'tokens a day'
  }
}
