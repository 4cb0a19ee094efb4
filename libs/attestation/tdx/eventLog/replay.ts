import { type Hex, sha384, toHex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { type EventLog, REGISTERS } from './measuredEvent.ts'

/** What registers hold once a log is replayed. */
export type Replayed = { readonly rtmr0: Hex; readonly rtmr1: Hex; readonly rtmr2: Hex; readonly rtmr3: Hex }

/**
 * Extends registers, from zero, by every event in order: RTMR = SHA-384(RTMR ‖ digest). Several logs may each tell of other
 * registers, the firmware's of the first three and the guest's of the last.
 * @throws tdx/conflicting-endorsements where two logs tell of one register
 */
export function replay(logs: readonly EventLog[]): { readonly events: number; readonly replayed: Replayed } {
  const registers = REGISTERS.map((register) => {
    const telling = logs.filter((log) => log.some((event) => event.register === register))
    if (telling.length > 1)
      throw fail('conflicting-endorsements', { actual: `${telling.length} logs of RTMR${register}` })
    const digests = (telling[0] ?? []).filter((event) => event.register === register)
    return toHex(digests.reduce((value, { digest }) => sha384(value, digest), new Uint8Array(48)))
  })
  const [rtmr0, rtmr1, rtmr2, rtmr3] = registers as [Hex, Hex, Hex, Hex]
  return { events: logs.reduce((sum, log) => sum + log.length, 0), replayed: { rtmr0, rtmr1, rtmr2, rtmr3 } }
}
