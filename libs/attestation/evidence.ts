import {
  boundShape,
  canonicalise,
  documentHash,
  fromBase64Url,
  type Hex,
  type Json,
  list,
  oneOf,
  parseCanonical,
  record,
  type Shape,
  type Shaped,
  text,
} from '@allod/protocol'

const MAX_BUNDLE_BYTES = 1 << 20
const MAX_PART_BYTES = 1 << 16

/** Bytes in a document, as canonical base64url. */
const blob: Shape<string> = (value, path) => {
  const encoded = text(Math.ceil((MAX_PART_BYTES * 4) / 3))(value, path)
  fromBase64Url(encoded)
  return encoded
}

const endorsements = list(blob, 16)

/**
 * An evidence bundle: what the chip and each device said, every endorsement needed to check it years later, and the facts
 * that report data binds.
 */
export const evidenceShape = record({
  version: oneOf(1),
  cpu: record({ kind: oneOf('tdx', 'sevsnp', 'simulated'), evidence: blob, endorsements }),
  devices: list(
    record({ kind: oneOf('nvidia-gpu', 'nvidia-switch', 'simulated-gpu'), evidence: blob, endorsements }),
    16,
  ),
  bound: boundShape,
})

export type EvidenceBundle = Shaped<typeof evidenceShape>
export type CpuKind = EvidenceBundle['cpu']['kind']
export type DeviceKind = EvidenceBundle['devices'][number]['kind']

/** Canonical bytes of a bundle, at most 1 MiB. */
export const encodeEvidence = (bundle: EvidenceBundle): Uint8Array<ArrayBuffer> => canonicalise(bundle as Json)

/**
 * Parses a bundle from its canonical bytes; nothing in it is believed yet.
 * @throws protocol/not-canonical, protocol/document-too-large, protocol/bad-shape, protocol/bad-hex
 */
export const parseEvidence = (bytes: Uint8Array): EvidenceBundle =>
  evidenceShape(parseCanonical(bytes, MAX_BUNDLE_BYTES))

/** The evidence hash that votes and reports name. */
export const evidenceHash = (bundle: EvidenceBundle): Hex => documentHash('allod/evidence/v1', bundle as Json)
