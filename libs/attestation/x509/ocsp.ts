import { type Certificate, certificateOf, type Extensions, parseExtensions } from './certificate.ts'
import { DER, type DerNode, readDer } from './der.ts'
import {
  derBits,
  derExplicit,
  derOctets,
  derOid,
  derSequence,
  derSmallInteger,
  derTagged,
  derTime,
} from './derValues.ts'
import { fail } from './errors.ts'
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signatureAlgorithm.ts'

/** What a responder says of one certificate. */
export type OcspStatus =
  | { readonly kind: 'good' }
  | { readonly kind: 'unknown' }
  /** Unix seconds; reasons as CRLReason numbers them, null where none is given. */
  | { readonly kind: 'revoked'; readonly at: number; readonly reason: number | null }

/** One answer. */
export type OcspAnswer = {
  /** The raw CertID. */
  readonly certId: Uint8Array
  readonly status: OcspStatus
  /** Unix seconds. */
  readonly thisUpdate: number
  readonly nextUpdate: number
}

/** A basic OCSP response, parsed and not yet trusted. */
export type OcspResponse = {
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  /** Who says to have signed: a raw Name, or the SHA-1 of a key. */
  readonly responder: { readonly kind: 'name' | 'key'; readonly value: Uint8Array }
  readonly producedAt: number
  readonly answers: readonly OcspAnswer[]
  readonly extensions: Extensions
  /** Certificates that came along, at most four. */
  readonly certificates: readonly Certificate[]
}

const LIMITS = { sizeBytes: 65_536, nodes: 4_000, depth: 20 }
const BASIC = '1.3.6.1.5.5.7.48.1.1'
const NONCE = '1.3.6.1.5.5.7.48.1.2'
const STATUSES = ['successful', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'unauthorized']

/**
 * Parses a DER OCSP response (RFC 6960 4.2.1). `nextUpdate` is required: an answer that never grows old proves nothing.
 * @throws x509/bad-ocsp, x509/bad-der, x509/ocsp-unsuccessful, x509/unsupported-algorithm,
 * x509/bad-certificate, x509/ocsp-unknown-critical-extension
 */
export function parseOcspResponse(der: Uint8Array): OcspResponse {
  const [status, responseBytes] = derSequence(readDer(der, LIMITS), 1, 2)
  const code = derSmallInteger(status, DER.enumerated)
  if (code !== 0) throw fail('ocsp-unsuccessful', { expected: 'successful', actual: STATUSES[code] || code })
  const [type, response] = derSequence(derExplicit(responseBytes, 0), 2, 2)
  if (derOid(type) !== BASIC) throw fail('bad-ocsp', { expected: 'a basic response', actual: derOid(type) })
  const [tbs, algorithm, signature, certificates] = derSequence(readDer(derOctets(response), LIMITS), 3, 4)
  return {
    tbs: derTagged(tbs, DER.sequence).bytes,
    // The only AlgorithmIdentifier there is: what is signed (RFC 6960 4.2.1) names none to compare it with.
    signatureAlgorithm: parseSignatureAlgorithm(algorithm),
    signature: derBits(signature),
    ...parseData(tbs),
    certificates: certificates === undefined ? [] : derSequence(derExplicit(certificates, 0), 0, 4).map(certificateOf),
  }
}

// ResponseData: version is left out, being v1.
function parseData(tbs: DerNode | undefined) {
  const [responder, producedAt, answers, extensionsNode] = derSequence(tbs, 3, 4)
  const extensions = extensionsNode === undefined ? new Map() : parseExtensions(derExplicit(extensionsNode, 1))
  requireUnderstood(extensions)
  return {
    responder: parseResponder(responder),
    producedAt: derTime(derTagged(producedAt, DER.generalizedTime)),
    answers: derSequence(answers, 1, 16).map(parseAnswer),
    extensions,
  }
}

function parseResponder(node: DerNode | undefined): OcspResponse['responder'] {
  if (node?.tag === 0xa1) return { kind: 'name', value: derTagged(derExplicit(node, 1), DER.sequence).bytes }
  return { kind: 'key', value: derOctets(derExplicit(node, 2)) }
}

function parseAnswer(node: DerNode): OcspAnswer {
  const [certId, status, thisUpdate, nextUpdate, extensionsNode] = derSequence(node, 3, 5)
  if (nextUpdate?.tag !== 0xa0) throw fail('bad-ocsp', { expected: 'nextUpdate', actual: nextUpdate?.tag })
  if (extensionsNode !== undefined) requireUnderstood(parseExtensions(derExplicit(extensionsNode, 1)))
  return {
    certId: derTagged(certId, DER.sequence).bytes,
    status: parseStatus(status),
    thisUpdate: derTime(derTagged(thisUpdate, DER.generalizedTime)),
    nextUpdate: derTime(derTagged(derExplicit(nextUpdate, 0), DER.generalizedTime)),
  }
}

// CertStatus: good [0] IMPLICIT NULL, revoked [1] IMPLICIT SEQUENCE, unknown [2] IMPLICIT NULL.
function parseStatus(node: DerNode | undefined): OcspStatus {
  const [at, reason, ...more] = node?.children ?? []
  switch (node?.tag) {
    case 0x80:
    case 0x82:
      if (node.content.length !== 0) throw fail('bad-ocsp', { expected: 'no content', actual: node.content.length })
      return { kind: node.tag === 0x80 ? 'good' : 'unknown' }
    case 0xa1: {
      if (more.length > 0) throw fail('bad-ocsp', { expected: 'time and reason', actual: 'more' })
      const code = reason === undefined ? null : derSmallInteger(derExplicit(reason, 0), DER.enumerated)
      return { kind: 'revoked', at: derTime(derTagged(at, DER.generalizedTime)), reason: code }
    }
    default:
      throw fail('bad-ocsp', { expected: 'a status', actual: node?.tag })
  }
}

/** The nonce of a response, null without one. @throws x509/bad-der */
export function nonceOf({ extensions }: OcspResponse): Uint8Array | null {
  const extension = extensions.get(NONCE)
  return extension === undefined ? null : derOctets(readDer(extension.value))
}

function requireUnderstood(extensions: Extensions): void {
  for (const [oid, { isCritical }] of extensions)
    if (isCritical && oid !== NONCE) throw fail('ocsp-unknown-critical-extension', { actual: oid })
}
