import { equalBytes } from '@allod/protocol'
import { inOrder } from '../inOrder.ts'
import type { Certificate } from './certificate.ts'
import { fail } from './errors.ts'
import { verifySignature } from './signature.ts'

/** What a chain is held against. */
export type ChainOptions = {
  /** The pinned root; it never comes from the evidence. */
  readonly root: Certificate
  /** Unix seconds. */
  readonly now: number
  /** Critical extensions that the caller checks itself, beside key usage and basic constraints. */
  readonly understood?: readonly string[]
}

/** The longest chain, root included; NVIDIA's have five certificates. */
export const MAX_CHAIN = 8

const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'

/**
 * Verifies a chain, leaf first, to the pinned root (RFC 5280 6.1, without what no vendor uses: name constraints, policies). The
 * root may come along at the end: a copy of the pinned one, by name and key, is dropped, another is refused.
 * @returns until when every certificate of the chain is valid, in Unix seconds
 * @throws x509/chain-length, x509/root-untrusted, x509/name-chain, x509/not-ca, x509/path-too-long, x509/not-yet-valid,
 * x509/expired, x509/unknown-critical-extension, x509/bad-signature
 */
export async function verifyChain(
  chain: readonly Certificate[],
  options: ChainOptions,
): Promise<{ readonly validUntil: number }> {
  const { root, now, understood = [] } = options
  if (chain.length > MAX_CHAIN) throw fail('chain-length', { expected: `1..${MAX_CHAIN}`, actual: chain.length })
  const last = chain.at(-1)
  const path = last !== undefined && isSelfIssued(last) ? withoutRoot(chain, last, root) : chain
  const top = path.at(-1)
  if (top === undefined) throw fail('chain-length', { expected: `1..${MAX_CHAIN}`, actual: 0 })
  if (!equalBytes(top.issuer, root.subject))
    throw fail('root-untrusted', { expected: root.commonName, actual: top.commonName })
  const whole = [...path, root]
  await inOrder(
    whole.map(async (certificate, i) => {
      const issuer = whole[i + 1]
      if (issuer !== undefined) await requireIssued(certificate, issuer, i)
      requireUnderstood(certificate, ...understood)
      requireCurrent(certificate, now)
    }),
  )
  return { validUntil: Math.min(...whole.map((certificate) => certificate.notAfter)) }
}

/** Requires that a certificate is valid at `now`. @throws x509/not-yet-valid, x509/expired */
export function requireCurrent(certificate: Certificate, now: number): void {
  const { notBefore, notAfter, commonName } = certificate
  // A clock that is no number is at no moment: every kind's dates come by here.
  if (!(now >= notBefore)) throw fail('not-yet-valid', { expected: notBefore, actual: now, meta: { commonName } })
  if (now > notAfter) throw fail('expired', { expected: notAfter, actual: now, meta: { commonName } })
}

/**
 * Requires that every critical extension is understood: key usage and basic constraints, which all vendors' certificates make
 * critical and nothing else, and those that the caller checks itself.
 * @throws x509/unknown-critical-extension
 */
export function requireUnderstood(certificate: Certificate, ...more: readonly string[]): void {
  const understood = [KEY_USAGE, BASIC_CONSTRAINTS, ...more]
  for (const [oid, { isCritical }] of certificate.extensions)
    if (isCritical && !understood.includes(oid))
      throw fail('unknown-critical-extension', { actual: oid, meta: { commonName: certificate.commonName } })
}

function withoutRoot(chain: readonly Certificate[], last: Certificate, root: Certificate): readonly Certificate[] {
  if (!equalBytes(last.subject, root.subject) || !equalBytes(last.spki, root.spki))
    throw fail('root-untrusted', { expected: root.commonName, actual: last.commonName })
  return chain.slice(0, -1)
}

// Bytes that an issuer signed stay signed.
const signed = new WeakMap<Certificate, Certificate>()

// `below` is how many certificates stand under the one issued: each of them but the leaf is an authority.
async function requireIssued(certificate: Certificate, issuer: Certificate, below: number): Promise<void> {
  const meta = { commonName: certificate.commonName, issuer: issuer.commonName }
  if (!equalBytes(certificate.issuer, issuer.subject))
    throw fail('name-chain', { expected: 'issuer', actual: issuer.commonName, meta })
  if (!issuer.isCa || issuer.keyUsage?.has('keyCertSign') === false)
    throw fail('not-ca', { expected: 'an authority', actual: issuer.commonName, meta })
  if (issuer.pathLength !== null && below > issuer.pathLength)
    throw fail('path-too-long', { expected: issuer.pathLength, actual: below, meta })
  if (signed.get(certificate) === issuer) return
  if (!(await verifySignature(issuer.spki, certificate.signatureAlgorithm, certificate.tbs, certificate.signature)))
    throw fail('bad-signature', { expected: issuer.commonName, actual: 'another', meta })
  signed.set(certificate, issuer)
}

const isSelfIssued = (certificate: Certificate): boolean => equalBytes(certificate.issuer, certificate.subject)
