import { equalBytes, type Hex } from '@allod/protocol'
import { DER, type DerNode, readDer } from './der.ts'
import {
  derBits,
  derBoolean,
  derExplicit,
  derInteger,
  derOctets,
  derOid,
  derSequence,
  derSmallInteger,
  derString,
  derTagged,
  derTime,
} from './derValues.ts'
import { fail } from './errors.ts'
import { parseSignatureAlgorithm, type SignatureAlgorithm } from './signatureAlgorithm.ts'

/** One extension: its raw value is the content of the OCTET STRING. */
export type Extension = { readonly isCritical: boolean; readonly value: Uint8Array }

/** Extensions by dotted object identifier. */
export type Extensions = ReadonlyMap<string, Extension>

const keyUses = [
  ...(['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'] as const),
  ...(['keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const),
]

/** What a key may do (RFC 5280 4.2.1.3). */
export type KeyUse = (typeof keyUses)[number]

/** An X.509 version 3 certificate, parsed and not yet trusted. */
export type Certificate = {
  readonly der: Uint8Array
  /** The signed part. */
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  readonly serial: Hex
  /** The raw Name; names are compared byte for byte. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** The subject's only common name. */
  readonly commonName: string | null
  /** Unix seconds. */
  readonly notBefore: number
  /** Unix seconds; `99991231235959Z`, which says "never", is 253402300799. */
  readonly notAfter: number
  /** The raw SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  readonly extensions: Extensions
  readonly isCa: boolean
  readonly pathLength: number | null
  /** Null where the certificate does not say. */
  readonly keyUsage: ReadonlySet<KeyUse> | null
}

// The largest vendor certificates have 1.7 KB.
const LIMITS = { sizeBytes: 16_384, nodes: 1_000, depth: 16 }

/**
 * Parses one DER certificate, strictly.
 * @throws x509/bad-der, x509/bad-certificate, x509/algorithm-mismatch, x509/unsupported-algorithm
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return certificateOf(readDer(der, LIMITS))
}

/** The same from an element already read, as in an OCSP response. @throws as parseCertificate */
export function certificateOf(node: DerNode): Certificate {
  const [tbs, algorithm, signature] = derSequence(node, 3, 3)
  const [version, serial, innerAlgorithm, issuer, validity, subject, spki, extensionsNode] = derSequence(tbs, 7, 8)
  if (derSmallInteger(derExplicit(version, 0)) !== 2) throw fail('bad-certificate', { expected: 'version 3' })
  const signatureAlgorithm = signedWith(algorithm, innerAlgorithm)
  const [notBefore, notAfter] = derSequence(validity, 2, 2)
  const extensions = extensionsNode === undefined ? new Map() : parseExtensions(derExplicit(extensionsNode, 3))
  return {
    der: node.bytes,
    tbs: derTagged(tbs, DER.sequence).bytes,
    signatureAlgorithm,
    signature: derBits(signature),
    serial: derInteger(serial),
    issuer: derTagged(issuer, DER.sequence).bytes,
    subject: derTagged(subject, DER.sequence).bytes,
    commonName: commonNameOf(derTagged(subject, DER.sequence)),
    notBefore: derTime(notBefore),
    notAfter: derTime(notAfter),
    spki: derTagged(spki, DER.sequence).bytes,
    extensions,
    ...basicConstraints(extensions),
    keyUsage: keyUsageOf(extensions),
  }
}

/**
 * The one algorithm that the outside and the signed part both name: the outside is not covered by the signature.
 * @throws x509/algorithm-mismatch, x509/unsupported-algorithm
 */
export function signedWith(outer: DerNode | undefined, inner: DerNode | undefined): SignatureAlgorithm {
  const algorithm = parseSignatureAlgorithm(outer)
  if (!equalBytes(derTagged(outer, DER.sequence).bytes, derTagged(inner, DER.sequence).bytes))
    throw fail('algorithm-mismatch', { expected: algorithm })
  return algorithm
}

/** Extensions (RFC 5280 4.1.2.9), at most 64, each once. @throws x509/bad-der, x509/bad-certificate */
export function parseExtensions(node: DerNode | undefined): Extensions {
  const extensions = new Map<string, Extension>()
  for (const child of derSequence(node, 1, 64)) {
    const parts = derSequence(child, 2, 3)
    const oid = derOid(parts[0])
    const isCritical = parts.length === 3 && derBoolean(parts[1])
    // DER leaves a default out: `critical` is written only where it is true.
    if (parts.length === 3 && !isCritical)
      throw fail('bad-certificate', { expected: 'critical, or nothing', actual: oid })
    if (extensions.has(oid)) throw fail('bad-certificate', { expected: 'each extension once', actual: oid })
    extensions.set(oid, { isCritical, value: derOctets(parts.at(-1)) })
  }
  return extensions
}

function commonNameOf(name: DerNode): string | null {
  const found = name.children.flatMap((set) =>
    derTagged(set, DER.set).children.flatMap((attribute) => {
      const [oid, value] = derSequence(attribute, 2, 2)
      return derOid(oid) === '2.5.4.3' ? [derString(value)] : []
    }),
  )
  const [only = null] = found
  return found.length > 1 ? null : only
}

function basicConstraints(extensions: Extensions): { isCa: boolean; pathLength: number | null } {
  const extension = extensions.get('2.5.29.19')
  if (extension === undefined) return { isCa: false, pathLength: null }
  const [ca, pathLength] = derSequence(readDer(extension.value), 0, 2)
  if (ca === undefined) return { isCa: false, pathLength: null }
  if (!derBoolean(ca)) throw fail('bad-certificate', { expected: 'cA, or nothing', actual: 'false' })
  return { isCa: true, pathLength: pathLength === undefined ? null : derSmallInteger(pathLength) }
}

function keyUsageOf(extensions: Extensions): ReadonlySet<KeyUse> | null {
  const extension = extensions.get('2.5.29.15')
  if (extension === undefined) return null
  const [unused = 0, ...bytes] = derTagged(readDer(extension.value), DER.bits).content
  const bitCount = 8 * bytes.length - unused
  const isSet = (bit: number): boolean => (((bytes[bit >> 3] ?? 0) << (bit & 7)) & 0x80) !== 0
  // RFC 5280 names nine bits and asks for at least one. X.690 11.2.2 drops zero bits at the end; AMD's ASKs keep them.
  if (bitCount > keyUses.length || !keyUses.some((_, bit) => isSet(bit)))
    throw fail('bad-certificate', { expected: 'a key usage', actual: bitCount })
  return new Set(keyUses.filter((_, bit) => isSet(bit)))
}
