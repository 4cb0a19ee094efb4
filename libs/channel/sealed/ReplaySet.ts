import { sha256 } from '@allod/protocol'
import { sealFail } from '../errors.ts'

/**
 * Remembers every `enc` a service key has answered, for the key's whole life. It never forgets to make room: when full
 * the key answers no more, and the hourly rotation brings the next.
 */
export class ReplaySet {
  readonly #seen = new Set<string>()
  readonly #capacity: number

  constructor(capacity = 1 << 18) {
    this.#capacity = capacity
  }

  /** @throws channel/replayed-request, channel/replay-set-full */
  check(enc: Uint8Array): void {
    if (this.#seen.has(digest(enc))) throw sealFail('replayed-request')
    if (this.#seen.size >= this.#capacity) throw sealFail('replay-set-full', { expected: this.#capacity })
  }

  /** Checks and remembers in one step. @throws as check */
  claim(enc: Uint8Array): void {
    this.check(enc)
    this.#seen.add(digest(enc))
  }
}

/** 128 bits are enough: two requests of the same digest only mean that one is refused. */
const digest = (enc: Uint8Array): string => String.fromCharCode(...sha256(enc).subarray(0, 16))
