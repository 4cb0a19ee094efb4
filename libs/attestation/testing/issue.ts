import { concat } from '@allod/protocol'
import type { KeyUse } from '../x509/certificate.ts'
import {
  bits,
  boolean,
  enumerated,
  explicit,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './derWriter.ts'
import type { TestKey } from './testKey.ts'

/** One part of the signed bytes after another; a test changes, drops or adds some to make a mistake. */
export type Parts = (parts: readonly Uint8Array[]) => readonly Uint8Array[]

/** A certificate of our own test roots with the key it is for. */
export type TestCertificate = {
  readonly der: Uint8Array<ArrayBuffer>
  /** The raw Name. */
  readonly subject: Uint8Array
  readonly key: TestKey
  readonly serial: number | bigint
}

/** Who signs. A self-signed certificate has none. */
export type TestIssuer = Pick<TestCertificate, 'subject' | 'key'>

export type CertificateFacts = {
  /** The common name, or a raw Name. */
  readonly subject: string | Uint8Array
  readonly key: TestKey
  /** Itself unless given. */
  readonly issuer?: TestIssuer
  readonly serial?: number | bigint
  /** Unix seconds. */
  readonly notBefore?: number
  readonly notAfter?: number
  /** Adds basic constraints, with a path length where it is a number. */
  readonly isCa?: boolean
  readonly pathLength?: number
  /** By default keyCertSign and cRLSign for an authority, digitalSignature for others; null leaves the extension out. */
  readonly keyUsage?: readonly KeyUse[] | null
  /** Further extensions, as `extension` makes them. */
  readonly extensions?: readonly Uint8Array[]
  /** Changes the parts of the TBSCertificate before they are signed. */
  readonly parts?: Parts
  /** Changes the parts of the Certificate (tbs, algorithm, signature) afterwards. */
  readonly outer?: Parts
}

/** 2020-01-01 and 2049-01-01: the dates of test certificates unless told. */
export const TEST_DATES = { notBefore: 1_577_836_800, notAfter: 2_493_072_000 } as const

const keyBits: readonly KeyUse[] = [
  ...(['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'] as const),
  ...(['keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly'] as const),
]

/** A Name with one common name. */
export const commonName = (text: string): Uint8Array<ArrayBuffer> =>
  sequence(set(sequence(oid('2.5.4.3'), utf8String(text))))

/** One extension; the value is what its OCTET STRING holds. */
export const extension = (id: string, value: Uint8Array, isCritical = false): Uint8Array<ArrayBuffer> =>
  sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value))

/** Issues a certificate. */
export async function issueCertificate(facts: CertificateFacts): Promise<TestCertificate> {
  const { key, serial = 1, parts = (same) => same } = facts
  const subject = typeof facts.subject === 'string' ? commonName(facts.subject) : facts.subject
  const issuer = facts.issuer ?? { subject, key }
  const { notBefore = TEST_DATES.notBefore, notAfter = TEST_DATES.notAfter } = facts
  const extensions = [...ownExtensions(facts), ...(facts.extensions ?? [])]
  const tbs = parts([
    explicit(0, integer(2)),
    integer(serial),
    issuer.key.algorithm,
    issuer.subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    key.spki,
    ...(extensions.length === 0 ? [] : [explicit(3, sequence(...extensions))]),
  ])
  return { der: await signed(tbs, issuer.key, facts.outer), subject, key, serial }
}

export type CrlFacts = {
  readonly issuer: TestIssuer
  readonly thisUpdate: number
  /** Null leaves it out. */
  readonly nextUpdate: number | null
  readonly revoked?: readonly { readonly serial: number | bigint; readonly reason?: number; readonly date?: number }[]
  /** Beside the CRL number. */
  readonly extensions?: readonly Uint8Array[]
  readonly parts?: Parts
  readonly outer?: Parts
}

/** Issues a version 2 CRL. */
export async function issueCrl(facts: CrlFacts): Promise<Uint8Array<ArrayBuffer>> {
  const { issuer, thisUpdate, nextUpdate, revoked = [], extensions = [], parts = (same) => same } = facts
  const entries: readonly Uint8Array[] = revoked.map(({ serial, reason, date = thisUpdate }) =>
    sequence(
      integer(serial),
      time(date),
      ...(reason === undefined ? [] : [sequence(extension('2.5.29.21', enumerated(reason)))]),
    ),
  )
  const tbs = parts([
    integer(1),
    issuer.key.algorithm,
    issuer.subject,
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [sequence(concatAll(entries))]),
    explicit(0, sequence(extension('2.5.29.20', integer(1)), ...extensions)),
  ])
  return await signed(tbs, issuer.key, facts.outer)
}

/** SEQUENCE of what is signed, the algorithm, the signature, and what `more` adds. */
export async function signed(
  parts: readonly Uint8Array[],
  key: TestKey,
  outer: Parts = (same) => same,
  more: readonly Uint8Array[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = sequence(...parts)
  return sequence(...outer([tbs, key.algorithm, bits(await key.sign(tbs)), ...more]))
}

// Concatenation of more parts than a call takes arguments.
function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  const chunks: Uint8Array[] = []
  for (let i = 0; i < parts.length; i += 10_000) chunks.push(concat(...parts.slice(i, i + 10_000)))
  return concat(...chunks)
}

function ownExtensions(facts: CertificateFacts): readonly Uint8Array[] {
  const { isCa = false, pathLength } = facts
  const { keyUsage = isCa ? (['keyCertSign', 'cRLSign'] as const) : (['digitalSignature'] as const) } = facts
  const constraints = isCa
    ? [boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])]
    : ([] as Uint8Array[])
  return [
    ...(isCa ? [extension('2.5.29.19', sequence(...constraints), true)] : []),
    ...(keyUsage === null ? [] : [extension('2.5.29.15', keyUsageBits(keyUsage), true)]),
  ]
}

function keyUsageBits(uses: readonly KeyUse[]): Uint8Array<ArrayBuffer> {
  const byte = uses.reduce((value, use) => value | (0x80 >> keyBits.indexOf(use)), 0)
  const unused = byte === 0 ? 7 : 31 - Math.clz32(byte & -byte)
  return bits(concat(Uint8Array.of(byte)), unused)
}
