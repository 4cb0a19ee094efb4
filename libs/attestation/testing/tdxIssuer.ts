import { concat, sha256, utf8 } from '@allod/protocol'
import { enumerated, integer, octets, oid, sequence } from './derWriter.ts'
import { type CertificateFacts, extension, issueCertificate, issueCrl, type TestCertificate } from './issue.ts'
import { pemOf } from './pemOf.ts'
import { newTestKey, pointOf, type TestKey } from './testKey.ts'

const SGX = '1.2.840.113741.1.13.1'

/** Changes bytes that are about to be signed. */
export type Patch = { readonly at: number; readonly bytes: readonly number[] }

/** Bytes at an offset. */
export const put = (at: number, ...bytes: readonly number[]): Patch => ({ at, bytes })

/** Root, authorities and signer under a root of our own, named as Intel's. */
export type TdxAuthorities = {
  readonly root: TestCertificate
  readonly ca: TestCertificate
  readonly signer: TestCertificate
}

/** Makes the authorities. */
export async function newTdxAuthorities(): Promise<TdxAuthorities> {
  const key = () => newTestKey('P-256')
  const root = await issueCertificate({ subject: 'Intel SGX Root CA', key: await key(), isCa: true, pathLength: 1 })
  return {
    root,
    ca: await issueCertificate({
      ...{ subject: 'Intel SGX PCK Platform CA', serial: 2, issuer: root, isCa: true, pathLength: 0 },
      key: await key(),
    }),
    signer: await issueCertificate({ subject: 'Intel SGX TCB Signing', serial: 3, issuer: root, key: await key() }),
  }
}

/** What a PCK certificate states of its platform. */
export type PckFacts = {
  readonly ppid: Uint8Array
  readonly components: readonly number[]
  readonly pcesvn: number
  readonly pceid: Uint8Array
  readonly fmspc: Uint8Array
}

/** The members of Intel's extension, which a test may change before they are put together. */
export function sgxMembers({ ppid, components, pcesvn, pceid, fmspc }: PckFacts): readonly Uint8Array[] {
  const member = (id: string, value: Uint8Array): Uint8Array => sequence(oid(`${SGX}.${id}`), value)
  const tcb = [...components, pcesvn].map((svn, i) => member(`2.${i + 1}`, integer(svn)))
  return [
    member('1', octets(ppid)),
    member('2', sequence(...tcb, member('2.18', octets(Uint8Array.from(components))))),
    member('3', octets(pceid)),
    member('4', octets(fmspc)),
    member('5', enumerated(0)),
  ]
}

/** Issues a PCK certificate. @param members null leaves Intel's extension out */
export const issuePck = (
  issuer: TestCertificate,
  key: TestKey,
  members: readonly Uint8Array[] | null,
  facts: Partial<CertificateFacts> = {},
): Promise<TestCertificate> =>
  issueCertificate({
    subject: 'Intel SGX PCK Certificate',
    serial: 0x1001,
    issuer,
    key,
    extensions: members === null ? [] : [extension(SGX, sequence(...members))],
    ...facts,
  })

/** What makes one quote. Patches are applied before signing, `raw` afterwards. */
export type QuoteFacts = {
  readonly version: 4 | 5
  /** Of the body: 584 or 648 bytes. */
  readonly is15?: boolean
  /** Of v5, where it shall say another than the body is. */
  readonly bodyType?: number
  readonly header?: readonly Patch[]
  readonly body?: readonly Patch[]
  readonly qeReport?: readonly Patch[]
  readonly auth?: Uint8Array
  readonly chain: readonly TestCertificate[]
  readonly pckKey: TestKey
  readonly attestationKey: TestKey
  /** Signs the report of the quoting enclave, where another key than the platform's does. */
  readonly otherPckKey?: TestKey
  readonly pem?: Uint8Array
}

const QE_VENDOR = [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07]

/** A report of the quoting enclave as test identities describe it, without report data. */
export const QE_REPORT: readonly Patch[] = [put(48, 0x11), put(128, ...Array(32).fill(0xdc)), put(256, 2), put(258, 4)]

/** Makes and signs a quote. */
export async function signQuote(facts: QuoteFacts): Promise<Uint8Array<ArrayBuffer>> {
  const { version, is15 = version === 5, chain, pckKey, attestationKey, auth = new Uint8Array(32).fill(7) } = facts
  const bodyBytes = is15 ? 648 : 584
  const bodyHeader =
    version === 5 ? concat(le(facts.bodyType ?? (is15 ? 3 : 2), 2), le(bodyBytes, 4)) : new Uint8Array()
  const header = patched(48, [put(0, version), put(2, 2), put(4, 0x81), put(12, ...QE_VENDOR), ...(facts.header ?? [])])
  const signed = concat(header, bodyHeader, patched(bodyBytes, facts.body ?? []))
  const point = pointOf(attestationKey).slice(1)
  const named = put(320, ...sha256(point, auth))
  const qeReport = patched(384, [...QE_REPORT, named, ...(facts.qeReport ?? [])])
  const pem = facts.pem ?? concat(pemOf('CERTIFICATE', ...chain.map((c) => c.der)), Uint8Array.of(0))
  const certification = concat(
    qeReport,
    await (facts.otherPckKey ?? pckKey).signRaw(qeReport),
    concat(le(auth.length, 2), auth, le(5, 2), le(pem.length, 4), pem),
  )
  const data = concat(
    await attestationKey.signRaw(signed),
    point,
    concat(le(6, 2), le(certification.length, 4), certification),
  )
  return concat(signed, le(data.length, 4), data)
}

/** A collateral document as Intel serves it: the member's very text is signed. */
export async function signDocument(
  name: 'tcbInfo' | 'enclaveIdentity',
  body: unknown,
  key: TestKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const signature = Array.from(await key.signRaw(utf8(text)), (b) => b.toString(16).padStart(2, '0')).join('')
  return utf8(`{"${name}":${text},"signature":"${signature}"}`)
}

/** A current revocation list of one issuer. @param now Unix seconds */
export const crlAt = (
  issuer: TestCertificate,
  now: number,
  more: Partial<Parameters<typeof issueCrl>[0]> = {},
): Promise<Uint8Array<ArrayBuffer>> =>
  issueCrl({ issuer, thisUpdate: now - 86_400, nextUpdate: now + 30 * 86_400, ...more })

/** Little-endian. */
export const le = (value: number, sizeBytes: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => Math.floor(value / 256 ** i) % 256)

function patched(sizeBytes: number, patches: readonly Patch[]): Uint8Array {
  const out = new Uint8Array(sizeBytes)
  for (const { at, bytes } of patches) out.set(bytes, at)
  return out
}
