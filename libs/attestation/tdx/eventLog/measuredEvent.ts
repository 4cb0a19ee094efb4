/** One extension of a runtime measurement register: which of RTMR0 to RTMR3, and by what. */
export type MeasuredEvent = {
  readonly register: 0 | 1 | 2 | 3
  /** 48 bytes; null where only the words are told. */
  readonly digest: Uint8Array | null
  /** What the digest must be the hash of, where the log tells it. */
  readonly words?: Uint8Array
}

/** A log, as far as registers tell it. What events say in words is proven only where the digest is of those words. */
export type EventLog = readonly MeasuredEvent[]

/** Registers that a trust domain has. */
export const REGISTERS = [0, 1, 2, 3] as const

/** A log of a domain that ran for months has a few thousand. */
export const MAX_EVENTS = 16_384
