import { isCcel, parseCcel } from './ccel.ts'
import type { EventLog } from './measuredEvent.ts'
import { parseRuntimeEvents } from './runtimeEvents.ts'

const OPEN_BRACKET = 0x5b

/**
 * Reads an event log of either form; null where the bytes are something else.
 * @throws tdx/bad-event-log
 */
export function parseEventLog(bytes: Uint8Array): EventLog | null {
  if (isCcel(bytes)) return parseCcel(bytes)
  return bytes[0] === OPEN_BRACKET ? parseRuntimeEvents(bytes) : null
}
