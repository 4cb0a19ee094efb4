import { concat, equalBytes, errorsOf, fromHex, type Hex, toHex, u32, u64, utf8 } from '@allod/protocol'
import { isSignedBy, type SimulatedKey } from './simulatedKey.ts'

/** What the simulated chip signs. Its magic and layout are its own: no parser of real evidence can take it. */
export type SimulatedReport = {
  readonly isDebug: boolean
  readonly isIsolated: boolean
  readonly tcb: number
  /** Number of the report within its launch. */
  readonly generation: bigint
  readonly chipId: Hex
  /** 16 random bytes that name the launch. */
  readonly launchId: Hex
  readonly measurement: Hex
  readonly configHash: Hex
  readonly reportData: Hex
}

const MAGIC = utf8('ALLODSIM')
const BODY_BYTES = 220
const REPORT_BYTES = BODY_BYTES + 64
const DEBUG = 1
const UNISOLATED = 2

const fail = errorsOf('attestation', {
  'bad-evidence': ['evidence is malformed or its signature does not hold', 'ask the machine for its evidence again'],
})

const message = (body: Uint8Array): Uint8Array<ArrayBuffer> => concat(utf8('allod/sim-report/v1'), body)

/** Encodes a report and signs it with the chip's key: 284 bytes. */
export async function signReport(chip: SimulatedKey, report: SimulatedReport): Promise<Uint8Array<ArrayBuffer>> {
  const body = concat(
    MAGIC,
    u32(1),
    u32((report.isDebug ? DEBUG : 0) | (report.isIsolated ? 0 : UNISOLATED)),
    u32(report.tcb),
    u64(report.generation),
    fromHex(report.chipId, 32),
    fromHex(report.launchId, 16),
    fromHex(report.measurement, 48),
    fromHex(report.configHash, 32),
    fromHex(report.reportData, 64),
  )
  return concat(body, await chip.sign(message(body)))
}

/**
 * Parses a report exactly and checks that `signer` signed it.
 * @throws attestation/bad-evidence
 */
export async function openReport(evidence: Uint8Array, signer: Hex): Promise<SimulatedReport> {
  if (evidence.length !== REPORT_BYTES)
    throw fail('bad-evidence', { expected: `${REPORT_BYTES} bytes`, actual: evidence.length })
  const body = evidence.subarray(0, BODY_BYTES)
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const flags = view.getUint32(12)
  if (!equalBytes(body.subarray(0, 8), MAGIC) || view.getUint32(8) !== 1 || flags > (DEBUG | UNISOLATED))
    throw fail('bad-evidence', { expected: 'a simulated report, version 1' })
  if (!(await isSignedBy(signer, message(body), evidence.slice(BODY_BYTES) as Uint8Array<ArrayBuffer>)))
    throw fail('bad-evidence', { expected: 'a signature by the endorsed key' })
  return {
    isDebug: (flags & DEBUG) !== 0,
    isIsolated: (flags & UNISOLATED) === 0,
    tcb: view.getUint32(16),
    generation: view.getBigUint64(20),
    chipId: toHex(body.subarray(28, 60)),
    launchId: toHex(body.subarray(60, 76)),
    measurement: toHex(body.subarray(76, 124)),
    configHash: toHex(body.subarray(124, 156)),
    reportData: toHex(body.subarray(156, 220)),
  }
}
