import { type Hex, toHex } from '@allod/protocol'

/** Sizes of the two layouts, in bytes. */
export const TD_REPORT_10_BYTES = 584
export const TD_REPORT_15_BYTES = 648

/** The body of a quote: what the TDX module says of a trust domain. Names are Intel's. */
export type TdReport = {
  readonly teeTcbSvn: Hex
  readonly mrseam: Hex
  readonly mrsignerseam: Hex
  readonly seamattributes: Hex
  readonly tdattributes: Hex
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
  readonly teeTcbSvn2: Hex | null
  readonly mrservicetd: Hex | null
}

/**
 * Reads a TD report of 584 bytes (TD 1.0) or 648 bytes (TD 1.5); the quote's parser has checked which it is.
 * Offsets: TDX DCAP Quoting Library API, appendix A.3.2 and A.3.3.
 */
export function parseTdReport(body: Uint8Array): TdReport {
  const field = (at: number, sizeBytes: number): Hex => toHex(body.subarray(at, at + sizeBytes))
  const is15 = body.length === TD_REPORT_15_BYTES
  return {
    teeTcbSvn: field(0, 16),
    mrseam: field(16, 48),
    mrsignerseam: field(64, 48),
    seamattributes: field(112, 8),
    tdattributes: field(120, 8),
    xfam: field(128, 8),
    mrtd: field(136, 48),
    mrconfigid: field(184, 48),
    mrowner: field(232, 48),
    mrownerconfig: field(280, 48),
    rtmr0: field(328, 48),
    rtmr1: field(376, 48),
    rtmr2: field(424, 48),
    rtmr3: field(472, 48),
    reportData: field(520, 64),
    teeTcbSvn2: is15 ? field(584, 16) : null,
    mrservicetd: is15 ? field(600, 48) : null,
  }
}
