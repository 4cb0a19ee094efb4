import {
  type Decision,
  decisionHash,
  fromHex,
  type Hex,
  keeperId,
  newSigningKey,
  type SignedDecision,
  signDigest,
} from '@allod/protocol'

const bytes = (size: number, byte: number): Hex => `0x${byte.toString(16).padStart(2, '0').repeat(size)}`

export const NO_ENTRY: Hex = bytes(32, 0)

/** A keeper that only signs log entries, one after the other unless told otherwise. */
export function logKeeper() {
  const key = newSigningKey()
  const keys = { hpkeKey: bytes(1216, 1), address: key.address }
  const keeper = keeperId(keys)
  const entry = (boot: number, seq: number, previous: Hex, change: Partial<Decision> = {}): SignedDecision => {
    const decision: Decision = {
      ...{ keeper, boot: bytes(16, boot), seq, previous, time: 1000 * boot + seq },
      ...{ kind: seq === 0 ? 'boot' : 'vote', order: bytes(32, 2), generation: 1, enclave: bytes(20, 3) },
      ...{ subject: bytes(32, 4), outcome: 'ok' },
      ...change,
    }
    const signature = signDigest(key, fromHex(decisionHash(decision), 32))
    return { decision, by: { signer: key.address, signature } }
  }
  /** A boot of so many entries that goes on from `previous`. */
  const boot = (number: number, count: number, previous: Hex = NO_ENTRY): readonly SignedDecision[] => {
    const entries: SignedDecision[] = []
    for (let seq = 0; seq < count; seq++) {
      const last = entries.at(-1)
      entries.push(entry(number, seq, last === undefined ? previous : decisionHash(last.decision)))
    }
    return entries
  }
  return { keeper, keys, entry, boot }
}

/** Entries as a host keeps them: a line each. */
export const logText = (entries: readonly SignedDecision[]): string =>
  entries.map((e) => `${JSON.stringify(e)}\n`).join('')
