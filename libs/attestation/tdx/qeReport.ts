import { type Hex, toHex } from '@allod/protocol'
import { u16 } from '../littleEndian.ts'

/** What a policy of Intel's own compares in the report of a quoting enclave (SGX REPORT, 384 bytes). */
export type QeReport = {
  readonly miscselect: Hex
  readonly attributes: Hex
  readonly mrsigner: Hex
  readonly isvprodid: number
  readonly isvsvn: number
  readonly reportData: Hex
}

/** Reads the report; the quote's parser has checked that it is 384 bytes. */
export const parseQeReport = (report: Uint8Array): QeReport => ({
  miscselect: toHex(report.subarray(16, 20)),
  attributes: toHex(report.subarray(48, 64)),
  mrsigner: toHex(report.subarray(128, 160)),
  isvprodid: u16(report, 256),
  isvsvn: u16(report, 258),
  reportData: toHex(report.subarray(320, 384)),
})
