import { fromHex, type Hex } from '@allod/protocol'
import { fail } from './errors.ts'
import type { PckCertificate } from './pckCertificate.ts'
import { gapWords } from './shortfall.ts'
import type { TcbComponent, TcbInfo, TcbLevel } from './tcbInfo.ts'

/** One version that is below what a level asks. */
export type Gap = {
  readonly part: 'sgx' | 'pce' | 'tdx'
  readonly index: number
  readonly actual: number
  readonly wanted: number
  readonly component: TcbComponent | null
}

/** What a platform states of itself: its certificate and sixteen bytes of the quote. */
export type Platform = { readonly pck: PckCertificate; readonly teeTcbSvn: Hex }

/**
 * The first level of the list that the platform reaches: all sixteen components and the PCE of its certificate, and the
 * module's components of the quote.
 * @throws tdx/no-tcb-level naming what is below the lowest level
 */
export function matchTcbLevel(info: TcbInfo, platform: Platform): TcbLevel {
  const level = info.levels.find((l) => levelGaps(l, platform).length === 0)
  if (level !== undefined) return level
  const lowest = info.levels.at(-1)
  const shortfall = lowest === undefined ? [] : levelGaps(lowest, platform).map(gapWords)
  throw fail('no-tcb-level', { meta: { shortfall } })
}

/** Everything that is below what a level asks; empty where the platform reaches it. */
export function levelGaps({ sgx, pcesvn, tdx }: TcbLevel, { pck, teeTcbSvn }: Platform): readonly Gap[] {
  const svns = fromHex(teeTcbSvn, 16)
  // Modules since 1.5 state their major version in byte 1 and are then judged by their own identity, so bytes 0 and 1 are
  // left to that (Intel QVL, TcbLevelCheck: the comparison starts at 2 where tee_tcb_svn[1] > 0).
  const first = (svns[1] as number) > 0 ? 2 : 0
  const pce: Gap = { part: 'pce', index: 0, actual: pck.pcesvn, wanted: pcesvn, component: null }
  return [
    ...sgx.map((component, index) => gap('sgx', index, pck.components[index] as number, component)),
    pce,
    ...tdx.map((component, index) => gap('tdx', index, svns[index] as number, component)).slice(first),
  ].filter(({ actual, wanted }) => actual < wanted)
}

const gap = (part: Gap['part'], index: number, actual: number, component: TcbComponent): Gap => ({
  part,
  index,
  actual,
  wanted: component.svn,
  component,
})
