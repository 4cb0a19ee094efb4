import { concat, equalBytes, errorsOf, fromHex, type Hex, toHex, u32, utf8 } from '@allod/protocol'
import { isSignedBy, type SimulatedKey } from './simulatedKey.ts'

/** What a simulated GPU signs. */
export type SimulatedGpuReport = {
  readonly isDebug: boolean
  readonly isConfidential: boolean
  readonly firmware: number
  readonly deviceId: Hex
  readonly nonce: Hex
}

const MAGIC = utf8('ALLODGPU')
const BODY_BYTES = 84
const REPORT_BYTES = BODY_BYTES + 64
const DEBUG = 1
const CONFIDENTIAL = 2

const fail = errorsOf('attestation', {
  'bad-evidence': ['evidence is malformed or its signature does not hold', 'ask the machine for its evidence again'],
})

const message = (body: Uint8Array): Uint8Array<ArrayBuffer> => concat(utf8('allod/sim-gpu-report/v1'), body)

/** Encodes a GPU report and signs it with the GPU's key: 148 bytes. */
export async function signGpuReport(gpu: SimulatedKey, report: SimulatedGpuReport): Promise<Uint8Array<ArrayBuffer>> {
  const body = concat(
    MAGIC,
    u32(1),
    u32((report.isDebug ? DEBUG : 0) | (report.isConfidential ? CONFIDENTIAL : 0)),
    u32(report.firmware),
    fromHex(report.deviceId, 32),
    fromHex(report.nonce, 32),
  )
  return concat(body, await gpu.sign(message(body)))
}

/**
 * Parses a GPU report exactly and checks that `signer` signed it.
 * @throws attestation/bad-evidence
 */
export async function openGpuReport(evidence: Uint8Array, signer: Hex): Promise<SimulatedGpuReport> {
  if (evidence.length !== REPORT_BYTES)
    throw fail('bad-evidence', { expected: `${REPORT_BYTES} bytes`, actual: evidence.length })
  const body = evidence.subarray(0, BODY_BYTES)
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const flags = view.getUint32(12)
  if (!equalBytes(body.subarray(0, 8), MAGIC) || view.getUint32(8) !== 1 || flags > (DEBUG | CONFIDENTIAL))
    throw fail('bad-evidence', { expected: 'a simulated GPU report, version 1' })
  if (!(await isSignedBy(signer, message(body), evidence.slice(BODY_BYTES) as Uint8Array<ArrayBuffer>)))
    throw fail('bad-evidence', { expected: 'a signature by the endorsed key' })
  return {
    isDebug: (flags & DEBUG) !== 0,
    isConfidential: (flags & CONFIDENTIAL) !== 0,
    firmware: view.getUint32(16),
    deviceId: toHex(body.subarray(20, 52)),
    nonce: toHex(body.subarray(52, 84)),
  }
}
