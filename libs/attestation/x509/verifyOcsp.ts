import { equalBytes, toHex } from '@allod/protocol'
import { digest } from '../digest.ts'
import { certIdOf } from './certId.ts'
import type { Certificate } from './certificate.ts'
import { readDer } from './der.ts'
import { derBits, derOid, derSequence } from './derValues.ts'
import { fail } from './errors.ts'
import { nonceOf, type OcspAnswer, type OcspResponse } from './ocsp.ts'
import { verifySignature } from './signature.ts'
import { requireCurrent, requireUnderstood } from './verifyChain.ts'

/** What a response is held against. */
export type OcspOptions = {
  readonly certificate: Certificate
  /** The verified issuer of the certificate. */
  readonly issuer: Certificate
  /** Unix seconds. */
  readonly now: number
  /** The nonce of the request, where this is its answer and not a recorded one. */
  readonly nonce?: Uint8Array
}

const EXTENDED_KEY_USAGE = '2.5.29.37'
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const CERTIFICATE_HOLD = 6

/**
 * Verifies what a responder says of a certificate (RFC 6960 3.2): about this certificate, signed by its issuer or by one whom
 * the issuer itself appointed, current, and an answer to this nonce where one is given.
 * @returns good or on hold, a revocation that may be taken back; and until when, in Unix seconds
 * @throws x509/revoked, x509/ocsp-wrong-certificate, x509/ocsp-unknown, x509/ocsp-wrong-responder, x509/ocsp-bad-signature,
 * x509/ocsp-not-yet-valid, x509/ocsp-expired, x509/ocsp-nonce-mismatch, and for an appointed responder's certificate
 * x509/expired, x509/not-yet-valid, x509/unknown-critical-extension
 */
export async function verifyOcsp(
  response: OcspResponse,
  options: OcspOptions,
): Promise<{ readonly status: 'good' | 'hold'; readonly validUntil: number }> {
  const { certificate, issuer, now, nonce } = options
  const { commonName, serial } = certificate
  const meta = { commonName, issuer: issuer.commonName }
  const answer = await answerAbout(response, certificate, issuer)
  const responder = await responderOf(response, issuer, now)
  if (!(await verifySignature(responder.spki, response.signatureAlgorithm, response.tbs, response.signature)))
    throw fail('ocsp-bad-signature', { expected: responder.commonName, actual: 'another', meta })
  requireNonce(response, nonce)
  if (now < answer.thisUpdate) throw fail('ocsp-not-yet-valid', { expected: answer.thisUpdate, actual: now, meta })
  if (now > answer.nextUpdate) throw fail('ocsp-expired', { expected: answer.nextUpdate, actual: now, meta })
  if (answer.status.kind === 'unknown') throw fail('ocsp-unknown', { actual: serial, meta })
  const validUntil = Math.min(answer.nextUpdate, responder.notAfter)
  if (answer.status.kind === 'good') return { status: 'good', validUntil }
  const { at, reason } = answer.status
  if (reason !== CERTIFICATE_HOLD) throw fail('revoked', { actual: serial, meta: { ...meta, serial, at, reason } })
  return { status: 'hold', validUntil }
}

/** Whether a response has an answer about this certificate, so that a caller finds the right one among several. */
export async function isAbout(response: OcspResponse, certificate: Certificate, issuer: Certificate): Promise<boolean> {
  return (await answersAbout(response, certificate, issuer)).length > 0
}

async function answerAbout(response: OcspResponse, certificate: Certificate, issuer: Certificate): Promise<OcspAnswer> {
  const [answer, ...more] = await answersAbout(response, certificate, issuer)
  const { commonName, serial } = certificate
  // Two answers about one certificate could contradict each other.
  if (answer === undefined || more.length > 0)
    throw fail('ocsp-wrong-certificate', { expected: serial, actual: more.length, meta: { commonName } })
  return answer
}

async function answersAbout(
  response: OcspResponse,
  certificate: Certificate,
  issuer: Certificate,
): Promise<readonly OcspAnswer[]> {
  const hashes = ['SHA-384', 'SHA-256'] as const
  const ids = await Promise.all(
    hashes.flatMap((hash) => [true, false].map((hasNull) => certIdOf(certificate, issuer, hash, hasNull))),
  )
  return response.answers.filter(({ certId }) => ids.some((id) => equalBytes(id, certId)))
}

// The issuer itself, or the holder of a certificate that the issuer issued for signing OCSP responses (RFC 6960 4.2.2.2).
async function responderOf(response: OcspResponse, issuer: Certificate, now: number): Promise<Certificate> {
  if (await isResponder(response, issuer)) return issuer
  for (const candidate of response.certificates)
    if (await isResponder(response, candidate)) {
      await requireAppointed(candidate, issuer, now)
      return candidate
    }
  throw fail('ocsp-wrong-responder', {
    expected: issuer.commonName,
    actual: toHex(response.responder.value.slice(0, 64)),
  })
}

async function isResponder({ responder }: OcspResponse, certificate: Certificate): Promise<boolean> {
  if (responder.kind === 'name') return equalBytes(responder.value, certificate.subject)
  // KeyHash is SHA-1 by definition. It only says which certificate to look at: what is trusted is the signature.
  const [, key] = derSequence(readDer(certificate.spki), 2, 2)
  return equalBytes(responder.value, await digest('SHA-1', derBits(key)))
}

async function requireAppointed(responder: Certificate, issuer: Certificate, now: number): Promise<void> {
  const usage = responder.extensions.get(EXTENDED_KEY_USAGE)
  const purposes = usage === undefined ? [] : derSequence(readDer(usage.value), 1, 16).map(derOid)
  const isAppointed =
    equalBytes(responder.issuer, issuer.subject) &&
    purposes.includes(OCSP_SIGNING) &&
    responder.keyUsage?.has('digitalSignature') !== false &&
    (await verifySignature(issuer.spki, responder.signatureAlgorithm, responder.tbs, responder.signature))
  if (!isAppointed) throw fail('ocsp-wrong-responder', { expected: issuer.commonName, actual: responder.commonName })
  requireUnderstood(responder, EXTENDED_KEY_USAGE)
  requireCurrent(responder, now)
}

function requireNonce(response: OcspResponse, nonce: Uint8Array | undefined): void {
  if (nonce === undefined) return
  const actual = nonceOf(response)
  if (actual === null || !equalBytes(actual, nonce))
    throw fail('ocsp-nonce-mismatch', { expected: toHex(nonce), actual: actual === null ? 'none' : toHex(actual) })
}
