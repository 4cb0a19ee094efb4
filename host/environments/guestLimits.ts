import { integer, LONGEST_WALL_MS, record, type Shaped } from '@allod/protocol'

const bytes = integer(0, 2 ** 46)

/** What a guest may use; every folder it can write to lies in memory and has a size. */
export const guestLimitsShape = record({
  memoryBytes: bytes,
  wallMs: integer(1, LONGEST_WALL_MS),
  /** Tasks in all, the guest's engine included. */
  processes: integer(16, 65_536),
  /** `/work`: inputs opened and engine folders. */
  workBytes: bytes,
  /** `/out`: what the engine writes. */
  outBytes: bytes,
})
export type GuestLimits = Shaped<typeof guestLimitsShape>
