import {
  concat,
  devicesHash,
  fromBase64Url,
  fromHex,
  type Hex,
  hex,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  text,
  toHex,
} from '@allod/protocol'
import type { EvidencePart } from './binaryEvidence.ts'

/** A CCEL event log is a quarter of a MiB; nothing else is larger. */
const MAX_PART_BYTES = 512 << 10

const blob = text(Math.ceil((MAX_PART_BYTES * 4) / 3), /^[A-Za-z0-9_-]*$/)
const endorsements = list(blob, 32)

/**
 * A recording of one machine, as `allod evidence record` writes it: what its chip and its devices answered to one nonce, the
 * collateral that went with it, and the kernel that asked. The CPU's report data is {@link recordingReportData}.
 */
export const recordingShape = record({
  version: oneOf(1),
  type: oneOf('allod-recording'),
  /** What every device answered. */
  nonce: hex(32),
  /** Unix seconds, by the machine's own clock; proves nothing. */
  recordedAt: integer(),
  kernel: nullable(text(200)),
  cpu: nullable(record({ kind: oneOf('tdx', 'sevsnp'), evidence: blob, endorsements })),
  devices: list(record({ kind: oneOf('nvidia-gpu', 'nvidia-switch'), evidence: blob, endorsements }), 32),
  /** Collateral that could not be fetched, and why. */
  missing: list(text(400), 64),
})

export type Recording = Shaped<typeof recordingShape>

/** The 64 bytes that a recording asks the CPU to sign: the nonce, then the hash of every device's evidence in order. */
export const recordingReportData = (nonce: Hex, devices: readonly Uint8Array[]): Hex =>
  toHex(concat(fromHex(nonce, 32), fromHex(devicesHash(devices), 32)))

/** The parts of a recording, the CPU's first. @throws protocol/bad-hex */
export const recordedParts = ({ cpu, devices }: Recording): readonly EvidencePart[] =>
  [...(cpu === null ? [] : [cpu]), ...devices].map(({ kind, evidence, endorsements }) => ({
    kind,
    evidence: fromBase64Url(evidence),
    endorsements: endorsements.map(fromBase64Url),
  }))
