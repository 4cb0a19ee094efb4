import { equalBytes, utf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** What came along with a device's evidence, told apart and not yet believed. */
export type Endorsements = {
  /** PEM, leaf first. */
  readonly chain: Uint8Array
  /** Reference integrity manifests, XML. */
  readonly rims: readonly Uint8Array[]
  /** OCSP responses, DER. */
  readonly ocsp: readonly Uint8Array[]
}

// A chain, two manifests, and three OCSP responses; more only where somebody brings each several times.
const MAX_ENDORSEMENTS = 32
const PEM = utf8('-----BEGIN CERTIFICATE-----')

/**
 * Tells endorsements apart by their content, in any order: one PEM chain, manifests, OCSP responses. Repeating one is harmless.
 * @throws nvidia/bad-endorsement
 */
export function sortEndorsements(blobs: readonly Uint8Array[]): Endorsements {
  if (blobs.length > MAX_ENDORSEMENTS)
    throw fail('bad-endorsement', { expected: `at most ${MAX_ENDORSEMENTS}`, actual: blobs.length })
  const distinct = blobs.filter((blob, i) => blobs.findIndex((other) => equalBytes(other, blob)) === i)
  const sorts = distinct.map((blob) => ({ blob, sort: sortOf(blob) }))
  const of = (sort: Sort): Uint8Array[] => sorts.filter((s) => s.sort === sort).map((s) => s.blob)
  const [chain, ...others] = of('chain')
  if (chain === undefined || others.length > 0)
    throw fail('bad-endorsement', { expected: 'one PEM chain', actual: of('chain').length })
  return { chain, rims: of('rim'), ocsp: of('ocsp') }
}

type Sort = 'chain' | 'rim' | 'ocsp'

function sortOf(blob: Uint8Array): Sort {
  if (equalBytes(blob.subarray(0, PEM.length), PEM)) return 'chain'
  if (blob[0] === 0x3c) return 'rim'
  if (isOcsp(blob)) return 'ocsp'
  throw fail('bad-endorsement', {
    expected: 'a PEM chain, a manifest or an OCSP response',
    actual: `${blob.length} bytes`,
  })
}

// OCSPResponse (RFC 6960 4.2.1) is a SEQUENCE that starts with an ENUMERATED; a certificate's starts with a SEQUENCE.
function isOcsp(blob: Uint8Array): boolean {
  const length = blob[1] ?? 0
  const contentAt = length < 0x80 ? 2 : 2 + (length & 0x7f)
  return blob[0] === 0x30 && blob[contentAt] === 0x0a
}
