import { sha256, toBase64Url, toHex, utf8 } from '@allod/protocol'
import { issueCertificate, type TestCertificate } from './issue.ts'
import { newTestKey, pointOf, type TestKey } from './testKey.ts'

/** A test service: a key for tokens, under an authority of our own. */
export type TestService = { readonly key: TestKey; readonly leaf: TestCertificate; readonly authority: TestCertificate }

/** As NVIDIA's: an RSA authority that certifies a key on P-384. */
export async function newService(): Promise<TestService> {
  const [authorityKey, key] = await Promise.all([newTestKey('rsa-pkcs1'), newTestKey('P-384')])
  const authority = await issueCertificate({ subject: 'Test Attestation Service', key: authorityKey, isCa: true })
  return {
    key,
    authority,
    leaf: await issueCertificate({ subject: 'Test Attestation Service GPU', key, issuer: authority }),
  }
}

export type JwkFacts = { readonly [member: string]: unknown }

/** A key as the service publishes it. @param facts instead of its own members; undefined leaves one out */
export function jwkOf({ key, leaf, authority }: TestService, facts: JwkFacts = {}): JwkFacts {
  const point = pointOf(key)
  return {
    kty: 'EC',
    crv: 'P-384',
    kid: KEY_ID,
    x5c: [leaf.der, authority.der].map(base64),
    x: toBase64Url(point.slice(1, 49)),
    y: toBase64Url(point.slice(49)),
    ...facts,
  }
}

/** The id of a test service's key, unless told. */
export const KEY_ID = 'nv-eat-kid-test-1'

/** A key set. */
export const jwksOf = (...keys: readonly JwkFacts[]): Uint8Array<ArrayBuffer> => utf8(JSON.stringify({ keys }))

export const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''))

const json = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)))

/** A compact token. @param header beside alg and kid, or instead of them */
export async function tokenOf(claims: object, key: TestKey, header: object = {}): Promise<string> {
  const signed = `${json({ kid: KEY_ID, alg: 'ES384', ...header })}.${json(claims)}`
  return `${signed}.${toBase64Url(await key.signRaw(utf8(signed)))}`
}

/** What `submods` says of a token. */
export const digestOf = (token: string): unknown => ['DIGEST', ['SHA-256', toHex(sha256(utf8(token))).slice(2)]]

/** The service's answer as a file. */
export const eatOf = (overall: string, devices: object): Uint8Array<ArrayBuffer> =>
  utf8(JSON.stringify([['JWT', overall], devices]))
