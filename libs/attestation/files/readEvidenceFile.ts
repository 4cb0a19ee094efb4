import { binaryEvidence, type EvidencePart } from './binaryEvidence.ts'
import { fail } from './errors.ts'
import { type EvidenceFile, parts } from './evidenceFile.ts'
import { jsonEvidence } from './jsonEvidence.ts'
import { type Unarmoured, unarmoured } from './unarmoured.ts'

/** Kinds of evidence files, as a reader may name them. */
export const fileKinds = ['tdx', 'sevsnp', 'nvidia-gpu', 'nvidia-switch', 'nras', 'bundle'] as const
export type FileKind = (typeof fileKinds)[number]

/**
 * Reads a file of evidence as its maker writes it: binary, hex, base64, or the JSON of a collector or a cloud. Nothing in it
 * is believed yet, and nothing about its name matters.
 * @param kind what it is said to be; with it, bytes of no known beginning are left to that kind’s verifier to refuse
 * @throws file/too-large, file/unknown-evidence, file/other-kind, file/unsupported-evidence; protocol/bad-shape
 * @example readEvidenceFile(await readFile('quote.bin'))
 */
export function readEvidenceFile(bytes: Uint8Array, kind: FileKind | null = null): EvidenceFile {
  const file = unarmoured(bytes)
  const found = fromForm(file) ?? asSaid(file, kind)
  if (found === null) throw fail('unknown-evidence', { expected: EXPECTED, actual: seen(file) })
  const actual = kindsOf(found)
  if (kind !== null && !actual.includes(kind)) throw fail('other-kind', { expected: kind, actual: actual.join(', ') })
  return found
}

const EXPECTED =
  'a TDX quote, a SEV-SNP report, SPDM measurements of a GPU or switch, an NRAS token, a recording or an evidence bundle'

function fromForm(file: Unarmoured): EvidenceFile | null {
  if (file.form === 'json') return jsonEvidence(file.value)
  if (file.form !== 'binary') return null
  const found = binaryEvidence(file.bytes)
  return found === null ? null : parts(found)
}

// A damaged quote is still to be judged as one: its verifier says what is wrong with it.
function asSaid(file: Unarmoured, kind: FileKind | null): EvidenceFile | null {
  if (kind === null || kind === 'bundle') return null
  if (kind === 'nras') return { kind, token: file.bytes, notes: [] }
  return file.form === 'binary' ? parts({ kind, evidence: file.bytes, endorsements: [], notes: [] }) : null
}

const kindsOf = (file: EvidenceFile): readonly string[] =>
  file.kind === 'parts' ? [...new Set(file.parts.map((p: EvidencePart) => p.kind))] : [file.kind]

const SEEN = {
  json: 'JSON of no known layout',
  xml: 'XML: a reference manifest goes with --rim',
  pem: 'PEM: certificates go with --cert-chain or --collateral',
} as const

const seen = (file: Unarmoured): string =>
  file.form === 'binary' ? `${file.bytes.length} bytes of no known kind` : SEEN[file.form]
