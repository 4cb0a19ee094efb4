import { type Hex, lp, toHex, utf8 } from '@allod/protocol'
import { digest } from './digest.ts'

/** The machine's id, as providers register it: SHA-256(tag ‖ lp(kind) ‖ what the chip calls itself). */
export const machineId = async (kind: 'tdx' | 'sevsnp', chip: Uint8Array): Promise<Hex> =>
  toHex(await digest('SHA-256', utf8('allod/machine/v1'), lp(utf8(kind)), chip))
