import { type CertIdHash, certIdOf } from '../x509/certId.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { readDer } from '../x509/der.ts'
import { derBits, derSequence } from '../x509/derValues.ts'
import { encodeDer } from '../x509/encodeDer.ts'
import { enumerated, explicit, generalizedTime, implicit, octets, oid, sequence } from './derWriter.ts'
import { extension, type Parts, signed, type TestCertificate } from './issue.ts'

/** What a test responder is to say. */
export type OcspFacts = {
  readonly certificate: TestCertificate
  readonly issuer: TestCertificate
  /** The issuer unless given; an appointed one's certificate comes along. */
  readonly responder?: TestCertificate
  readonly status?: 'good' | 'unknown' | { readonly at: number; readonly reason?: number }
  /** Unix seconds. */
  readonly thisUpdate: number
  /** Null leaves it out. */
  readonly nextUpdate: number | null
  readonly nonce?: Uint8Array
  readonly hash?: CertIdHash
  readonly hasNull?: boolean
  /** Name the responder by the SHA-1 of its key. */
  readonly isByKey?: boolean
  readonly extensions?: readonly Uint8Array[]
  /** Changes the parts of the SingleResponse, of the ResponseData, and of the BasicOCSPResponse. */
  readonly single?: Parts
  readonly parts?: Parts
  readonly outer?: Parts
}

/** Extended key usage of an appointed responder. */
export const ocspSigning = (): Uint8Array => extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.9')))

/** Issues an OCSP response. */
export async function issueOcsp(facts: OcspFacts): Promise<Uint8Array<ArrayBuffer>> {
  const { issuer, responder = issuer, nonce, parts = (same) => same, single = (same) => same } = facts
  const extensions = [
    ...(nonce === undefined ? [] : [extension('1.3.6.1.5.5.7.48.1.2', octets(nonce))]),
    ...(facts.extensions ?? []),
  ]
  const parsed = [facts.certificate, issuer].map(({ der }) => parseCertificate(der))
  const [certificate, by] = parsed as [ReturnType<typeof parseCertificate>, ReturnType<typeof parseCertificate>]
  const answer = sequence(
    ...single([
      await certIdOf(certificate, by, facts.hash ?? 'SHA-384', facts.hasNull ?? true),
      statusOf(facts.status ?? 'good'),
      generalizedTime(facts.thisUpdate),
      ...(facts.nextUpdate === null ? [] : [explicit(0, generalizedTime(facts.nextUpdate))]),
    ]),
  )
  const data = parts([
    facts.isByKey === true ? explicit(2, octets(await keyHash(responder))) : explicit(1, responder.subject),
    generalizedTime(facts.thisUpdate),
    sequence(answer),
    ...(extensions.length === 0 ? [] : [explicit(1, sequence(...extensions))]),
  ])
  const along = responder === issuer ? [] : [explicit(0, sequence(responder.der))]
  const basic = await signed(data, responder.key, facts.outer, along)
  return sequence(enumerated(0), explicit(0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), octets(basic))))
}

/** A response that says why there is none. */
export const ocspRefusal = (status: number): Uint8Array<ArrayBuffer> => sequence(enumerated(status))

function statusOf(status: Exclude<OcspFacts['status'], undefined>): Uint8Array {
  if (status === 'good') return implicit(0, new Uint8Array())
  if (status === 'unknown') return implicit(2, new Uint8Array())
  const reason = status.reason === undefined ? [] : [explicit(0, enumerated(status.reason))]
  return encodeDer(0xa1, generalizedTime(status.at), ...reason)
}

async function keyHash({ key }: TestCertificate): Promise<Uint8Array> {
  const [, bits] = derSequence(readDer(key.spki))
  return new Uint8Array(await crypto.subtle.digest('SHA-1', derBits(bits) as Uint8Array<ArrayBuffer>))
}
