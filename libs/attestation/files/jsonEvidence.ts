import { isHex, list, record, type Shape, text, utf8 } from '@allod/protocol'
import { binaryEvidence, type EvidencePart, type FoundPart, HCL_NOTE } from './binaryEvidence.ts'
import { type EvidenceFile, parts } from './evidenceFile.ts'
import { recordedParts, recordingReportData, recordingShape } from './recording.ts'
import { bytesOfText } from './unarmoured.ts'

/** More GPUs or switches than one machine has. */
const MAX_DEVICES = 32

type Fields = { readonly [name: string]: unknown }

/**
 * Evidence by the layout of its JSON; null where it is nobody's. Fields that only repeat what is signed are not looked at.
 * @throws protocol/bad-shape, protocol/bad-hex where it is one of ours and wrong; file/unsupported-evidence
 */
export function jsonEvidence(value: unknown): EvidenceFile | null {
  if (Array.isArray(value)) return isDetachedEat(value) ? nras(value) : fromCollector(value)
  if (!isObject(value)) return null
  if (value.type === 'allod-recording') return fromRecording(value)
  if ('cpu' in value && 'devices' in value && 'bound' in value) return { kind: 'bundle', value, notes: [] }
  if (Array.isArray(value.detached_eat) && isDetachedEat(value.detached_eat)) return nras(value.detached_eat)
  if (Array.isArray(value.evidences)) return fromCollector(value.evidences)
  if (isObject(value.evidence)) return fromEnvelope(value.evidence)
  if (typeof value.attestation === 'string') return fromText(value.attestation)
  if (typeof value.quote === 'string') return fromQuote(value)
  return null
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// NVIDIA NRAS: [["JWT", overall], { "GPU-0": device, … }].
const isDetachedEat = ([overall, devices]: readonly unknown[]): boolean =>
  Array.isArray(overall) && overall[0] === 'JWT' && isObject(devices)

const nras = (value: unknown): EvidenceFile => ({ kind: 'nras', token: utf8(JSON.stringify(value)), notes: [] })

function fromRecording(value: Fields): EvidenceFile {
  const recording = recordingShape(value)
  const found = recordedParts(recording)
  const devices = found.filter((p) => p.kind.startsWith('nvidia')).map((p) => p.evidence)
  return {
    kind: 'parts',
    parts: found,
    nonce: recording.nonce,
    reportData: recording.cpu === null ? null : recordingReportData(recording.nonce, devices),
    notes: recording.missing,
  }
}

const encoded: Shape<string> = text(1 << 17)
const deviceShape = record({ evidence: encoded, certificate: encoded, nonce: text(66) })

// NVIDIA’s nvattest and nvtrust: [{ arch, certificate, evidence, nonce, … }], base64 but for the nonce.
function fromCollector(value: readonly unknown[]): EvidenceFile | null {
  if (value.length === 0 || !value.every((v) => isObject(v) && 'evidence' in v && 'certificate' in v)) return null
  const devices = list(deviceShape, MAX_DEVICES)(value.map(picked))
  const nonces = new Set(devices.map((d) => d.nonce.replace(/^0x/, '').toLowerCase()))
  const [nonce] = nonces
  const found: EvidencePart[] = []
  for (const { evidence, certificate } of devices) {
    const bytes = bytesOfText(evidence)
    const part = bytes === null ? null : binaryEvidence(bytes)
    const chain = bytesOfText(certificate)
    if (part === null || chain === null || !part.kind.startsWith('nvidia')) return null
    found.push({ kind: part.kind, evidence: part.evidence, endorsements: [chain] })
  }
  // One nonce for all, or none that could be compared.
  return {
    kind: 'parts',
    parts: found,
    nonce: nonces.size === 1 ? hexOf(nonce, 32) : null,
    reportData: null,
    notes: [],
  }
}

const picked = (value: unknown): unknown => {
  const { evidence, certificate, nonce } = value as Fields
  return { evidence, certificate, nonce }
}

// attestation-rs: { platform, evidence: { attestation_report | quote | hcl_report | td_quote, cert_chain | vcek, … } }.
function fromEnvelope(evidence: Fields): EvidenceFile | null {
  const source = evidence.td_quote ?? evidence.quote ?? evidence.attestation_report ?? evidence.hcl_report
  const found = typeof source === 'string' ? partOf(source) : null
  if (found === null) return null
  const chain = isObject(evidence.cert_chain) ? Object.values(evidence.cert_chain) : []
  const certificates = [evidence.vcek, ...chain].flatMap((c) => (typeof c === 'string' ? [bytesOfText(c)] : []))
  const endorsements = certificates.filter((c) => c !== null)
  const notes = 'tpm_quote' in evidence ? [HCL_NOTE] : found.notes
  return parts({ ...found, endorsements: [...found.endorsements, ...endorsements], notes })
}

// dstack: { quote, event_log, report_data, vm_config }, hex; the log is JSON in a string.
function fromQuote({ quote, event_log: log, report_data: data }: Fields): EvidenceFile | null {
  const found = partOf(String(quote))
  if (found === null) return null
  const logs = typeof log === 'string' && log.startsWith('[') ? [utf8(log)] : []
  const reportData = typeof data === 'string' ? hexOf(data.toLowerCase(), 64) : null
  return parts({ ...found, endorsements: [...found.endorsements, ...logs] }, { reportData })
}

function fromText(armoured: string): EvidenceFile | null {
  const found = partOf(armoured)
  return found === null ? null : parts(found)
}

function partOf(armoured: string): FoundPart | null {
  const bytes = bytesOfText(armoured)
  return bytes === null ? null : binaryEvidence(bytes)
}

function hexOf(digits: string | undefined, sizeBytes: number) {
  const value = `0x${digits}`
  return isHex(value, sizeBytes) ? value : null
}
