import { equalBytes, type Hex, toHex } from '@allod/protocol'
import { digest } from '../../digest.ts'
import { fail } from '../errors.ts'
import { type EventLog, type MeasuredEvent, REGISTERS } from './measuredEvent.ts'

type Told = Hex | null

/** What registers hold once logs are replayed; null for one that no log tells of. */
export type Replayed = { readonly rtmr0: Told; readonly rtmr1: Told; readonly rtmr2: Told; readonly rtmr3: Told }

/**
 * Extends registers, from zero, by every event in order: RTMR = SHA-384(RTMR ‖ digest). Several logs may each tell of other
 * registers, the firmware's of the first three and the guest's of the last.
 * @throws tdx/conflicting-endorsements where two logs tell of one register, tdx/bad-event-log where words are not a digest's
 */
export async function replay(
  logs: readonly EventLog[],
): Promise<{ readonly events: number; readonly replayed: Replayed }> {
  const registers: Told[] = []
  for (const register of REGISTERS) {
    const telling = logs.filter((log) => log.some((event) => event.register === register))
    if (telling.length > 1)
      throw fail('conflicting-endorsements', { actual: `${telling.length} logs of RTMR${register}` })
    let value = new Uint8Array(48)
    for (const event of telling[0] ?? [])
      if (event.register === register) value = await digest('SHA-384', value, await digestOf(event))
    registers.push(telling.length === 0 ? null : toHex(value))
  }
  const [rtmr0, rtmr1, rtmr2, rtmr3] = registers as [Told, Told, Told, Told]
  return { events: logs.reduce((sum, log) => sum + log.length, 0), replayed: { rtmr0, rtmr1, rtmr2, rtmr3 } }
}

async function digestOf({ digest: stated, words }: MeasuredEvent): Promise<Uint8Array> {
  const own = words === undefined ? stated : await digest('SHA-384', words)
  if (own === null || (stated !== null && !equalBytes(stated, own)))
    throw fail('bad-event-log', { expected: 'the digest of the event’s words' })
  return own
}
