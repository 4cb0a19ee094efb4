import { type Hex, toHex } from '@allod/protocol'
import { fail } from './errors.ts'

/** A measurements request and its response, parsed; nothing in it is believed yet. */
export type Spdm = {
  /** The requester's, 32 bytes: the one that proves freshness. */
  readonly nonce: Hex
  readonly responderNonce: Hex
  /** SHA-384 values; block 1 first. */
  readonly measurements: readonly Hex[]
  readonly opaque: Uint8Array
  /** Everything before the signature. */
  readonly signed: Uint8Array<ArrayBuffer>
  /** r ‖ s, big-endian, 96 bytes. */
  readonly signature: Uint8Array<ArrayBuffer>
}

// DSP0274 1.1.x, 10.11: GET_MEASUREMENTS with a signature asked for, all blocks, certificate slot 0.
const REQUEST_BYTES = 37
const REQUEST = [0x11, 0xe0, 0x01, 0xff]
const RESPONSE = [0x11, 0x60, 0x00, 0x00]
const RECORD_AT = REQUEST_BYTES + 8
const VALUE_BYTES = 48
// index ‖ specification ‖ size u16 ‖ type ‖ value size u16 ‖ value
const BLOCK_BYTES = 7 + VALUE_BYTES
const NONCE_BYTES = 32
// "OpaqueDataLength … shall not be greater than 1024 bytes."
const MAX_OPAQUE_BYTES = 1024
const SIGNATURE_BYTES = 96

/**
 * Parses device evidence exactly: request ‖ response, every length accounted for, at most 255 blocks and 1,024 opaque bytes.
 * @throws nvidia/bad-evidence, nvidia/bad-measurements, nvidia/trailing-bytes
 */
export function parseSpdm(evidence: Uint8Array): Spdm {
  const bytes = new Uint8Array(evidence)
  const view = new DataView(bytes.buffer)
  if (bytes.length < RECORD_AT) throw fail('bad-evidence', { expected: `${RECORD_AT} bytes`, actual: bytes.length })
  requireHeader(bytes, 0, REQUEST)
  if (bytes[REQUEST_BYTES - 1] !== 0) throw fail('bad-evidence', { expected: 'slot 0', actual: bytes[36] })
  requireHeader(bytes, REQUEST_BYTES, RESPONSE)

  const blocks = view.getUint8(REQUEST_BYTES + 4)
  const recordBytes = view.getUint16(REQUEST_BYTES + 5, true) + view.getUint8(REQUEST_BYTES + 7) * 0x10000
  if (blocks === 0 || recordBytes !== blocks * BLOCK_BYTES)
    throw fail('bad-measurements', { expected: `${blocks} blocks of ${BLOCK_BYTES} bytes`, actual: recordBytes })
  const nonceAt = RECORD_AT + recordBytes
  const opaqueAt = nonceAt + NONCE_BYTES + 2
  if (bytes.length < opaqueAt) throw fail('bad-evidence', { expected: `${opaqueAt} bytes`, actual: bytes.length })
  const opaqueBytes = view.getUint16(opaqueAt - 2, true)
  if (opaqueBytes > MAX_OPAQUE_BYTES)
    throw fail('bad-evidence', { expected: `opaque data of at most ${MAX_OPAQUE_BYTES} bytes`, actual: opaqueBytes })
  const signatureAt = opaqueAt + opaqueBytes
  const end = signatureAt + SIGNATURE_BYTES
  if (bytes.length < end) throw fail('bad-evidence', { expected: `${end} bytes`, actual: bytes.length })
  // Nothing vouches for what follows, so a caller that hashes the evidence would hash somebody else's words.
  if (bytes.length > end) throw fail('trailing-bytes', { expected: `${end} bytes`, actual: bytes.length })

  return {
    nonce: toHex(bytes.subarray(4, 4 + NONCE_BYTES)),
    responderNonce: toHex(bytes.subarray(nonceAt, nonceAt + NONCE_BYTES)),
    measurements: measurementsOf(view, blocks),
    opaque: bytes.subarray(opaqueAt, signatureAt),
    signed: bytes.subarray(0, signatureAt),
    signature: bytes.subarray(signatureAt, end),
  }
}

function requireHeader(bytes: Uint8Array, at: number, expected: readonly number[]): void {
  if (expected.some((byte, i) => bytes[at + i] !== byte))
    throw fail('bad-evidence', {
      expected: toHex(Uint8Array.from(expected)),
      actual: toHex(bytes.subarray(at, at + expected.length)),
    })
}

// Blocks come in order of their index, so that none can be missing or there twice.
function measurementsOf(view: DataView<ArrayBuffer>, blocks: number): readonly Hex[] {
  return Array.from({ length: blocks }, (_, i) => {
    const at = RECORD_AT + i * BLOCK_BYTES
    const index = view.getUint8(at)
    const isDmtf = view.getUint8(at + 1) === 1
    const isWhole = view.getUint16(at + 2, true) === BLOCK_BYTES - 4 && view.getUint16(at + 5, true) === VALUE_BYTES
    // DMTFSpecMeasurementValueType: 0 to 3 are digests of ROM, firmware and configuration; bit 7 would be raw data.
    const isDigest = view.getUint8(at + 4) <= 3
    if (index !== i + 1 || !isDmtf || !isWhole || !isDigest)
      throw fail('bad-measurements', { expected: `block ${i + 1}, a digest of ${VALUE_BYTES} bytes`, actual: index })
    return toHex(new Uint8Array(view.buffer, at + 7, VALUE_BYTES))
  })
}
