import type { Hex } from '@allod/protocol'
import type { TcbStatus } from '../verified.ts'
import type { Replayed } from './eventLog/replay.ts'

/** Where one part of a platform stands in Intel's lists. */
export type TcbPart = {
  readonly status: TcbStatus
  readonly advisories: readonly string[]
  /** Date of the level that matched, ISO 8601. */
  readonly tcbDate: string
}

/** What a TDX quote and its collateral say, once their signatures hold. Names are those of Intel's specifications. */
export type TdxClaims = {
  readonly kind: 'tdx'
  readonly quoteVersion: 4 | 5
  readonly tdVersion: '1.0' | '1.5'
  readonly teeTcbSvn: Hex
  readonly mrseam: Hex
  readonly mrsignerseam: Hex
  readonly seamattributes: Hex
  /** 8 bytes, little-endian as signed: bit 0 of the first byte is DEBUG. */
  readonly tdattributes: Hex
  /** 8 bytes, little-endian as signed. */
  readonly xfam: Hex
  readonly mrtd: Hex
  readonly mrconfigid: Hex
  readonly mrowner: Hex
  readonly mrownerconfig: Hex
  readonly rtmr0: Hex
  readonly rtmr1: Hex
  readonly rtmr2: Hex
  readonly rtmr3: Hex
  readonly reportData: Hex
  /** TD 1.5 only. */
  readonly teeTcbSvn2: Hex | null
  readonly mrservicetd: Hex | null
  readonly fmspc: Hex
  readonly pceid: Hex
  /** Names the platform. */
  readonly ppid: Hex
  readonly evaluationNumber: number
  readonly qe: TcbPart
  readonly platform: TcbPart
  readonly module: TcbPart & { readonly id: string }
  /** TD 1.5: the same lists against teeTcbSvn2, what the platform runs since its last update. */
  readonly relaunch: TcbPart | null
  /** Zero bytes after the signed and length-counted parts. */
  readonly paddingBytes: number
  /** Whether an event log came along and what it replays to, null for a register it does not tell of; null where none came. */
  readonly eventLog: { readonly events: number; readonly replayed: Replayed } | null
}
