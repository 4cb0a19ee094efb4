import { concat, fromBase64Url, utf8 } from '@allod/protocol'
import { fail } from './errors.ts'
import { pemBlobs, pemOfHeader } from './pemBlobs.ts'
import { recordedParts, recordingShape } from './recording.ts'
import { bytesOfText, type Unarmoured, unarmoured } from './unarmoured.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Fields = { readonly [name: string]: unknown }

/**
 * Reads a file of collateral as its maker or its collector writes it, into blobs in the makers’ own formats: PEM chains, DER
 * certificates, revocation lists and OCSP responses, Intel’s signed JSON, event logs, reference manifests, key sets.
 * @throws file/too-large, file/unknown-collateral; protocol/bad-shape, protocol/bad-hex
 */
export const readCollateralFile = (bytes: Uint8Array): readonly Bytes[] => blobsWithin(bytes, false)

// An offline bundle's entries are answers, none of them another bundle: a file of bundles in bundles would be read for ever.
function blobsWithin(bytes: Uint8Array, isEntry: boolean): readonly Bytes[] {
  const file = unarmoured(bytes)
  const blobs = isEntry && isBundle(file) ? null : blobsOf(file)
  if (blobs === null || blobs.length === 0)
    throw fail('unknown-collateral', {
      expected: 'PEM, DER, hex or base64 of it, PCS or RIM JSON, manifest XML, event log, offline bundle',
      actual: `${file.bytes.length} bytes of ${file.form === 'binary' ? 'no known kind' : file.form}`,
    })
  return blobs
}

const isBundle = (file: Unarmoured): boolean =>
  file.form === 'json' && isObject(file.value) && Array.isArray(file.value.entries)

function blobsOf(file: Unarmoured): readonly Bytes[] | null {
  switch (file.form) {
    case 'pem':
      return pemBlobs(file.text)
    case 'xml':
      return file.text.includes('SoftwareIdentity') ? [file.bytes] : null
    case 'json':
      return fromJson(file.value)
    case 'binary':
      return isDer(file.bytes) || isEventLog(file.bytes) ? [file.bytes] : null
    default:
      return file satisfies never
  }
}

function fromJson(value: unknown): readonly Bytes[] | null {
  if (Array.isArray(value))
    return isObject(value[0]) && 'digest' in value[0] && 'imr' in value[0] ? [dense(value)] : null
  if (!isObject(value)) return null
  // Intel signs the object inside without spaces: a file that was made readable is made dense again, and must then verify.
  if (isObject(value.tcbInfo) || isObject(value.enclaveIdentity)) return [dense(value)]
  if (typeof value.tcb_info === 'string' && typeof value.qe_identity === 'string') return fromQvl(value)
  if (typeof value.rim === 'string') return fromRim(value.rim)
  if (Array.isArray(value.keys) || Array.isArray(value.x5c)) return [dense(value)]
  if (typeof value.vcekCert === 'string') return pemBlobs(`${value.vcekCert}\n${String(value.certificateChain ?? '')}`)
  if (typeof value.event_log === 'string') return [utf8(value.event_log)]
  if (value.type === 'allod-recording') return recordedParts(recordingShape(value)).flatMap((p) => p.endorsements)
  if (Array.isArray(value.entries)) return value.entries.flatMap(fromEntry)
  return null
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const dense = (value: unknown): Bytes => utf8(JSON.stringify(value))

// Phala’s dcap-qvl: parts of Intel’s answers taken apart; what was signed is in the strings, byte for byte.
function fromQvl(value: Fields): readonly Bytes[] | null {
  const text = (name: string): string => (typeof value[name] === 'string' ? (value[name] as string) : '')
  const lists = ['root_ca_crl', 'pck_crl'].flatMap((name) => bytesOfText(text(name)) ?? [])
  const chains = ['pck_crl_issuer_chain', 'tcb_info_issuer_chain', 'qe_identity_issuer_chain', 'pck_certificate_chain']
  return [
    ...lists,
    ...unique(chains.filter((name) => text(name) !== '').flatMap((name) => pemBlobs(text(name)))),
    signed('tcbInfo', text('tcb_info'), text('tcb_info_signature')),
    signed('enclaveIdentity', text('qe_identity'), text('qe_identity_signature')),
  ]
}

const signed = (name: string, body: string, signature: string): Bytes =>
  utf8(`{"${name}":${body},"signature":${JSON.stringify(signature)}}`)

// NVIDIA’s RIM service: { id, rim: base64 of the manifest, sha256, … }.
function fromRim(rim: string): readonly Bytes[] | null {
  const bytes = bytesOfText(rim)
  return bytes === null ? null : [bytes]
}

// An offline bundle’s entry: an answer, and the chains that came in its headers.
function fromEntry(entry: unknown): readonly Bytes[] {
  if (!isObject(entry) || typeof entry.bytes !== 'string') return []
  const chains = isObject(entry.headers) ? Object.values(entry.headers).flatMap((h) => pemOfHeader(String(h))) : []
  return [...blobsWithin(fromBase64Url(entry.bytes), true), ...chains]
}

const unique = (blobs: readonly Bytes[]): readonly Bytes[] => {
  const seen = new Set<string>()
  return blobs.filter((blob) => {
    const key = concat(blob).join()
    return seen.size < seen.add(key).size
  })
}

// One SEQUENCE whose length is the file’s; verifiers tell certificates, lists and OCSP responses apart.
function isDer(bytes: Bytes): boolean {
  const [tag, first = 0] = bytes
  if (tag !== 0x30) return false
  if (first < 0x80) return bytes.length === 2 + first
  const size = first - 0x80
  if (size < 1 || size > 4) return false
  let length = 0
  for (const byte of bytes.subarray(2, 2 + size)) length = length * 256 + byte
  return bytes.length === 2 + size + length
}

// TCG, PC Client Platform Firmware Profile: the first event of a CCEL is in the old format and names the new one.
const isEventLog = (bytes: Bytes): boolean => String.fromCharCode(...bytes.subarray(32, 47)) === 'Spec ID Event03'
