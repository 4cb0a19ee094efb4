import { fromHex, type Hex, toHex, utf8 } from '@allod/protocol'
import { digest } from '../digest.ts'
import type { TdReport } from './tdReport.ts'

/**
 * The launch measurement of a trust domain as one value of 48 bytes: SHA-384(tag ‖ MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2). RTMR3 is the
 * guest's own, and a policy compares it by itself.
 */
export async function tdxMeasurement({
  mrtd,
  rtmr0,
  rtmr1,
  rtmr2,
}: Pick<TdReport, 'mrtd' | 'rtmr0' | 'rtmr1' | 'rtmr2'>): Promise<Hex> {
  const registers = [mrtd, rtmr0, rtmr1, rtmr2].map((register) => fromHex(register, 48))
  return toHex(await digest('SHA-384', utf8('allod/tdx-measurement/v1'), ...registers))
}
