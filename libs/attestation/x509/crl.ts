import { equalBytes, fromHex, toHex } from '@allod/protocol'
import { type Certificate, type Extensions, parseExtensions, signedWith } from './certificate.ts'
import { DER, type DerHeader, readDer, readDerHeader, requireMinimalInteger } from './der.ts'
import { derBits, derExplicit, derSmallInteger, derTagged, derTime, derTimeOf } from './derValues.ts'
import { fail } from './errors.ts'
import { verifySignature } from './signature.ts'
import type { SignatureAlgorithm } from './signatureAlgorithm.ts'

/** A full version 2 certificate revocation list, parsed and not yet trusted. */
export type Crl = {
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly signature: Uint8Array
  /** The raw Name. */
  readonly issuer: Uint8Array
  /** Unix seconds. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly extensions: Extensions
  /** The revoked certificates: their raw entries, checked one by one, and how many there are. */
  readonly entries: Uint8Array
  readonly count: number
}

const REASON = '2.5.29.21'

/**
 * Parses a DER CRL (RFC 5280 5.1). Entries are checked as they stand and no tree of them is kept: a list of a hundred thousand
 * takes milliseconds. An Intel PCK list has some 50; a length past 16 MB cannot be written here (readDerHeader). `nextUpdate` is
 * required.
 * @throws x509/bad-der, x509/bad-crl, x509/algorithm-mismatch, x509/unsupported-algorithm, x509/crl-unknown-critical-extension
 */
export function parseCrl(der: Uint8Array): Crl {
  const outer = readDerHeader(der, 0, der.length)
  if (outer.tag !== DER.sequence || outer.end !== der.length)
    throw fail('bad-crl', { expected: 'one sequence', actual: outer.tag })
  const [tbs, ...rest] = headersWithin(der, outer)
  const [algorithm, signature] = rest.map(({ at, end }) => readDer(der.subarray(at, end)))
  if (tbs?.tag !== DER.sequence || rest.length !== 2)
    throw fail('bad-crl', { expected: 'three elements', actual: rest.length + 1 })
  const parts = headersWithin(der, tbs)
  const entries = takeEntries(parts)
  const [version, innerAlgorithm, issuer, thisUpdate, nextUpdate, extensionsNode, ...more] = parts.map(({ at, end }) =>
    readDer(der.subarray(at, end)),
  )
  if (more.length > 0 || version?.tag !== DER.integer || derSmallInteger(version) !== 1)
    throw fail('bad-crl', { expected: 'version 2', actual: version?.tag })
  if (nextUpdate?.tag !== DER.utcTime && nextUpdate?.tag !== DER.generalizedTime)
    throw fail('bad-crl', { expected: 'nextUpdate', actual: nextUpdate?.tag })
  const extensions = extensionsNode === undefined ? new Map() : parseExtensions(derExplicit(extensionsNode, 0))
  // Delta lists, and lists for some certificates or other issuers' only, say so in critical extensions (RFC 5280 5.2).
  for (const [oid, { isCritical }] of extensions)
    if (isCritical) throw fail('crl-unknown-critical-extension', { actual: oid })
  return {
    tbs: der.subarray(tbs.at, tbs.end),
    signatureAlgorithm: signedWith(algorithm, innerAlgorithm),
    signature: derBits(signature),
    issuer: derTagged(issuer, DER.sequence).bytes,
    thisUpdate: derTime(thisUpdate),
    nextUpdate: derTime(nextUpdate),
    extensions,
    entries: entries === null ? new Uint8Array() : der.subarray(entries.contentAt, entries.end),
    count: entries === null ? 0 : countEntries(der, entries),
  }
}

/**
 * Verifies that a list is by this issuer and current.
 * @param now Unix seconds
 * @returns until when the list is good
 * @throws x509/crl-wrong-issuer, x509/crl-not-signer, x509/crl-not-yet-valid, x509/crl-expired, x509/crl-bad-signature
 */
export async function verifyCrl(crl: Crl, issuer: Certificate, now: number): Promise<{ readonly validUntil: number }> {
  const meta = { issuer: issuer.commonName }
  if (!equalBytes(crl.issuer, issuer.subject))
    throw fail('crl-wrong-issuer', { expected: issuer.commonName, actual: 'another', meta })
  if (!issuer.isCa || issuer.keyUsage?.has('cRLSign') === false)
    throw fail('crl-not-signer', { expected: 'cRLSign', actual: [...(issuer.keyUsage ?? [])].join(' '), meta })
  if (now < crl.thisUpdate) throw fail('crl-not-yet-valid', { expected: crl.thisUpdate, actual: now, meta })
  if (now > crl.nextUpdate) throw fail('crl-expired', { expected: crl.nextUpdate, actual: now, meta })
  if (!(await verifySignature(issuer.spki, crl.signatureAlgorithm, crl.tbs, crl.signature)))
    throw fail('crl-bad-signature', { expected: issuer.commonName, actual: 'another', meta })
  return { validUntil: crl.nextUpdate }
}

/**
 * Requires that a list of the certificate's issuer, verified before, does not name it. Any entry refuses, whatever its reason or
 * date: a hold too.
 * @throws x509/revoked, x509/crl-wrong-issuer
 */
export function requireNotRevoked(certificate: Certificate, crl: Crl): void {
  const { commonName, serial } = certificate
  if (!equalBytes(certificate.issuer, crl.issuer))
    throw fail('crl-wrong-issuer', {
      expected: 'the issuer of the certificate',
      actual: 'another',
      meta: { commonName },
    })
  const wanted = fromHex(serial)
  for (let at = 0; at < crl.entries.length; ) {
    const entry = readDerHeader(crl.entries, at, crl.entries.length)
    const number = readDerHeader(crl.entries, entry.contentAt, entry.end)
    if (isSerial(crl.entries, number, wanted)) throw fail('revoked', { actual: serial, meta: { commonName, serial } })
    at = entry.end
  }
}

type Element = DerHeader & { readonly at: number }

function headersWithin(der: Uint8Array, { contentAt, end }: DerHeader): Element[] {
  const elements: Element[] = []
  for (let at = contentAt; at < end; at = (elements.at(-1) as Element).end) {
    // Seven is the most that a list has.
    if (elements.length === 7) throw fail('bad-crl', { expected: 'at most 7 elements', actual: 'more' })
    elements.push({ at, ...readDerHeader(der, at, end) })
  }
  return elements
}

// The entries stand sixth, after nextUpdate, and are left out where there are none.
function takeEntries(parts: Element[]): Element | null {
  if (parts[5]?.tag !== DER.sequence) return null
  const [entries = null] = parts.splice(5, 1)
  return entries
}

function countEntries(der: Uint8Array, entries: Element): number {
  if (entries.contentAt === entries.end) throw fail('bad-crl', { expected: 'entries, or no list', actual: 'none' })
  let count = 0
  for (let at = entries.contentAt; at < entries.end; count++) {
    const entry = readDerHeader(der, at, entries.end)
    requireEntry(der, entry)
    at = entry.end
  }
  return count
}

// SEQUENCE { serial INTEGER, revocationDate Time, crlEntryExtensions OPTIONAL }
function requireEntry(der: Uint8Array, entry: DerHeader): void {
  if (entry.tag !== DER.sequence) throw fail('bad-crl', { expected: 'an entry', actual: entry.tag })
  const serial = readDerHeader(der, entry.contentAt, entry.end)
  const number = der.subarray(serial.contentAt, serial.end)
  if (serial.tag !== DER.integer || number.length > 32 || (number[0] as number) >= 0x80)
    throw fail('bad-crl', { expected: 'a serial', actual: toHex(number.subarray(0, 32)) })
  requireMinimalInteger(number, serial.contentAt)
  const date = readDerHeader(der, serial.end, entry.end)
  derTimeOf(date.tag, der.subarray(date.contentAt, date.end))
  if (date.end !== entry.end) requireEntryExtensions(der.subarray(date.end, entry.end))
}

// Nearly every entry has these bytes and a reason code after them: SEQUENCE { SEQUENCE { cRLReason, OCTET STRING { ENUMERATED } } }
const USUAL = Uint8Array.of(0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01)

function requireEntryExtensions(bytes: Uint8Array): void {
  if (bytes.length === USUAL.length + 1 && (bytes[13] as number) < 0x80 && USUAL.every((byte, i) => bytes[i] === byte))
    return
  const extensions = parseExtensions(readDer(bytes, { sizeBytes: 4096, nodes: 64, depth: 4 }))
  for (const [oid, { isCritical, value }] of extensions) {
    if (isCritical) throw fail('crl-unknown-critical-extension', { actual: oid })
    if (oid === REASON) derSmallInteger(readDer(value), DER.enumerated)
  }
}

function isSerial(entries: Uint8Array, { contentAt, end }: DerHeader, wanted: Uint8Array): boolean {
  // A serial that starts with its highest bit set has a zero byte before it in DER.
  const from = end - contentAt > wanted.length && entries[contentAt] === 0 ? contentAt + 1 : contentAt
  if (end - from !== wanted.length) return false
  for (let i = 0; i < wanted.length; i++) if (entries[from + i] !== wanted[i]) return false
  return true
}
