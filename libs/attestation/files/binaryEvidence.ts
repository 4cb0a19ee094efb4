import { dstackEnvelope } from './dstackEnvelope.ts'
import { fail } from './errors.ts'
import { startsWith, u16, u32 } from './peek.ts'

/** One machine's or one device's evidence as it lay in a file, with the endorsements that lay beside it. */
export type EvidencePart = {
  readonly kind: 'tdx' | 'sevsnp' | 'nvidia-gpu' | 'nvidia-switch'
  readonly evidence: Uint8Array<ArrayBuffer>
  readonly endorsements: readonly Uint8Array<ArrayBuffer>[]
}

/** What was found, and what in the file nobody looks at, a sentence each. */
export type FoundPart = EvidencePart & { readonly notes: readonly string[] }

type Bytes = Uint8Array<ArrayBuffer>

const SNP_REPORT_BYTES = 0x4a0
const HCL_REPORT_AT = 0x20
/** Report kind in the request data that follows an HCL report: 2 is SEV-SNP, 4 is TDX. */
const HCL_KIND_AT = HCL_REPORT_AT + SNP_REPORT_BYTES + 8

/**
 * Evidence by its own first bytes; null where they are no kind's.
 * @throws file/unsupported-evidence for kinds that are known and not verified
 */
export function binaryEvidence(bytes: Bytes): FoundPart | null {
  if (isQuote(bytes)) return plain('tdx', bytes)
  if (isSnpReport(bytes)) return plain('sevsnp', bytes)
  if (isSpdm(bytes)) return plain(isSwitch(bytes) ? 'nvidia-switch' : 'nvidia-gpu', bytes)
  if (startsWith(bytes, 'HCLA')) return fromHcl(bytes)
  return fromDstack(bytes)
}

const plain = (kind: EvidencePart['kind'], evidence: Bytes): FoundPart => ({
  kind,
  evidence,
  endorsements: [],
  notes: [],
})

// Intel, DCAP quote header: version, key type, TEE type.
function isQuote(bytes: Bytes): boolean {
  const isHeader = bytes.length >= 48 && [3, 4, 5].includes(u16(bytes, 0)) && [2, 3].includes(u16(bytes, 2))
  if (!isHeader) return false
  if (u32(bytes, 4) === 0x81) return true
  if (u32(bytes, 4) === 0 && startsWith(bytes.subarray(12), '\x93\x9a\x72\x33'))
    throw fail('unsupported-evidence', { actual: 'an SGX quote' })
  return false
}

// AMD, SEV-SNP ABI: version, and the one signature algorithm there is.
const isSnpReport = (bytes: Bytes): boolean =>
  bytes.length >= SNP_REPORT_BYTES && u32(bytes, 0) >= 2 && u32(bytes, 0) <= 8 && u32(bytes, 0x34) === 1

// DMTF, SPDM 1.1: GET_MEASUREMENTS, 37 bytes, and MEASUREMENTS.
const isSpdm = (bytes: Bytes): boolean =>
  bytes.length > 200 && bytes[0] === 0x11 && bytes[1] === 0xe0 && bytes[37] === 0x11 && bytes[38] === 0x60

/** A GPU's opaque fields name its driver (3) or its project (17); a switch has neither. */
function isSwitch(bytes: Bytes): boolean {
  const opaqueAt = 37 + 8 + u16(bytes, 42) + 0x10000 * (bytes[44] ?? 0) + 32
  const end = opaqueAt + 2 + u16(bytes, opaqueAt)
  for (let at = opaqueAt + 2; at + 4 <= Math.min(end, bytes.length); at += 4 + u16(bytes, at + 2))
    if (u16(bytes, at) === 3 || u16(bytes, at) === 17) return false
  return true
}

// Azure: the paravisor's report holds the chip's at 0x20, over its own request data.
function fromHcl(bytes: Bytes): FoundPart | null {
  if (bytes.length < HCL_KIND_AT + 4) return null
  if (u32(bytes, HCL_KIND_AT) !== 2)
    throw fail('unsupported-evidence', {
      expected: 'the quote that Azure’s attestation endpoint makes of it',
      actual: 'an HCL report that holds no SEV-SNP report',
    })
  return {
    ...plain('sevsnp', bytes.slice(HCL_REPORT_AT, HCL_REPORT_AT + SNP_REPORT_BYTES)),
    notes: [HCL_NOTE],
  }
}

/** What reading an Azure paravisor's report leaves out. */
export const HCL_NOTE =
  'the report is the paravisor’s: its data binds a virtual TPM, whose own quote nobody looked at here'

// What dstack put around it, where that can be read.
function fromDstack(bytes: Bytes): FoundPart | null {
  const envelope = dstackEnvelope(bytes)
  if (envelope === null) return null
  const { kind, evidence, endorsements } = envelope
  const isKind = kind === 'tdx' ? isQuote(evidence) : isSnpReport(evidence)
  return isKind ? { kind, evidence, endorsements, notes: [DSTACK_NOTE] } : null
}

const DSTACK_NOTE =
  'of dstack’s envelope only the chip’s evidence, its certificates and the guest’s own events, RTMR3, were looked at'
