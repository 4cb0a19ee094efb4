import { concat, equalBytes, fromBase64Url, type Hex, isAllodError, sha256, toHex, utf8 } from '@allod/protocol'
import { parseCertificate } from '../../x509/certificate.ts'
import { parsePem } from '../../x509/pem.ts'
import { verifyChain } from '../../x509/verifyChain.ts'
import { fail } from './errors.ts'
import { isObject, type JsonObject, type JsonValue, parseJson, type Refuse } from './json.ts'

/** A key that may sign tokens, once its certificates hold. */
export type TokenKey = {
  /** The raw SubjectPublicKeyInfo, P-384. */
  readonly spki: Uint8Array
  /** SHA-256 of the pinned certificate it leads to. */
  readonly root: Hex
  /** Unix seconds. */
  readonly validUntil: number
}

/** Keys by id, not yet trusted. */
export type KeySet = ReadonlyMap<string, JsonObject>

// The service has published 32 keys in 81 KB.
const MAX_BYTES = 1 << 20
const MAX_KEYS = 256
const MAX_CERTIFICATES = 4
// 3 KB of DER; the largest recorded has 0.9 KB.
const MAX_CERTIFICATE_CHARACTERS = 4096

/**
 * Parses a key set (RFC 7517) as the service publishes it. Only keys that sign are looked at further.
 * @throws nras/bad-keys
 */
export function parseKeySet(jwks: Uint8Array): KeySet {
  const value = parseJson(jwks, MAX_BYTES, bad)
  const keys = isObject(value) ? value.keys : undefined
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > MAX_KEYS) throw bad(`1..${MAX_KEYS} keys`)
  const found = new Map<string, JsonObject>()
  for (const key of keys as readonly JsonValue[]) {
    if (!isObject(key) || typeof key.kid !== 'string' || found.has(key.kid)) throw bad('keys with an id each')
    found.set(key.kid, key)
  }
  return found
}

/**
 * The key of that id, held against its own certificates and these against the pinned ones: whoever brings a key set is not
 * believed.
 * @param roots DER
 * @param now Unix seconds
 * @throws nras/key-unknown, nras/bad-keys, nras/bad-key-chain with the certificate's own refusal as its cause
 */
export async function trustedKey(
  keys: KeySet,
  keyId: string,
  roots: readonly Uint8Array[],
  now: number,
): Promise<TokenKey> {
  const key = keys.get(keyId)
  if (key === undefined) throw fail('key-unknown', { actual: keyId })
  if (key.kty !== 'EC' || key.crv !== 'P-384') throw bad('a key on P-384')
  const point = concat(new Uint8Array([4]), coordinate(key.x), coordinate(key.y))
  const certificates = certificatesOf(key.x5c)
  try {
    const chain = certificates.map(parseCertificate)
    const [leaf, ...issuers] = chain
    // The key of the set is that of the certificate: its SubjectPublicKeyInfo ends with the point.
    if (leaf === undefined || !equalBytes(leaf.spki.subarray(-point.length), point))
      throw fail('bad-key-chain', { expected: 'the certificate’s own key' })
    if (leaf.keyUsage?.has('digitalSignature') !== true) throw fail('bad-key-chain', { expected: 'a key that signs' })
    // The pinned certificate comes along as the last; whichever authority comes, one pinned must be at its place.
    const last = issuers.at(-1)
    const pinned = roots.find((root) => last !== undefined && equalBytes(root, last.der))
    if (pinned === undefined) throw fail('bad-key-chain', { expected: 'a pinned authority', actual: last?.commonName })
    const { validUntil } = await verifyChain(chain.slice(0, -1), { root: parseCertificate(pinned), now })
    return { spki: leaf.spki, root: toHex(sha256(pinned)), validUntil }
  } catch (cause) {
    if (!isAllodError(cause) || cause.code.startsWith('nras/')) throw cause
    throw fail('bad-key-chain', { meta: { ...cause.meta, reason: cause.code }, cause })
  }
}

function coordinate(value: JsonValue | undefined): Uint8Array {
  try {
    const bytes = fromBase64Url(typeof value === 'string' ? value : '')
    if (bytes.length === 48) return bytes
  } catch (cause) {
    if (!isAllodError(cause)) throw cause
  }
  throw bad('coordinates of 48 bytes')
}

// Base64 in one line each (RFC 7517 4.7), leaf first.
function certificatesOf(value: JsonValue | undefined): readonly Uint8Array[] {
  if (!Array.isArray(value) || value.length < 2 || value.length > MAX_CERTIFICATES) throw bad('a chain in x5c')
  return value.map((one: JsonValue) => {
    if (typeof one !== 'string' || one.length > MAX_CERTIFICATE_CHARACTERS) throw bad('certificates in base64')
    const lines = one.match(/.{1,64}/g) ?? []
    const pem = ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
    try {
      const [der = new Uint8Array()] = parsePem(utf8(pem), 'CERTIFICATE', 1)
      return der
    } catch (cause) {
      if (!isAllodError(cause)) throw cause
      throw bad('certificates in base64', cause)
    }
  })
}

const bad: Refuse = (expected, cause) => fail('bad-keys', { expected, cause })
