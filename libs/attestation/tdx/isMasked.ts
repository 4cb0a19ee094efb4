import { fromHex, type Hex } from '@allod/protocol'

/** Whether `value & mask` equals `wanted`; all three are of one size. */
export function isMasked(value: Hex, mask: Hex, wanted: Hex): boolean {
  const masks = fromHex(mask)
  const wants = fromHex(wanted)
  return fromHex(value).every((byte, i) => (byte & (masks[i] as number)) === wants[i])
}
