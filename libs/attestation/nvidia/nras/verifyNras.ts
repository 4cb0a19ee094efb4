import { type Hex, sha256, toHex, utf8 } from '@allod/protocol'
import { verifyRawEcdsa } from '../../x509/signature.ts'
import type { NrasDevice, NrasTokens, TokenClaims } from './claims.ts'
import { parseDetachedEat } from './detachedEat.ts'
import { fail } from './errors.ts'
import { isObject, type JsonObject, type JsonValue } from './json.ts'
import { type Jwt, parseJwt } from './jwt.ts'
import { type KeySet, parseKeySet, type TokenKey, trustedKey } from './keySet.ts'
import { nrasRoot } from './roots.ts'

const ISSUER = 'https://nras.attestation.nvidia.com'
// A device has about fifty; a mismatch adds a few for each measurement.
const MAX_CLAIMS = 1024

/**
 * Verifies an answer of NVIDIA's attestation service: each token's key, signature, issuer and dates; one nonce in all of them;
 * and that the devices' tokens are exactly those whose digests the overall token names. What the tokens claim is data.
 * @param options.jwks the service's key set of that day, as it publishes it
 * @param options.now Unix seconds
 * @param options.roots DER; NVIDIA's own authority unless told
 * @throws nras/bad-token and the other refusals of the catalogue in errors.ts
 */
export async function verifyNras(
  bytes: Uint8Array,
  options: { readonly jwks: Uint8Array; readonly now: number; readonly roots?: readonly Uint8Array[] },
): Promise<NrasTokens> {
  const { now, roots = [nrasRoot] } = options
  const eat = parseDetachedEat(bytes)
  const overall = parseJwt(eat.overall)
  const tokens = eat.devices.map(({ name, token }) => ({ name, token, jwt: parseJwt(token) }))
  const jwts = [overall, ...tokens.map(({ jwt }) => jwt)]
  const keys = await trustedKeys(jwts, parseKeySet(options.jwks), roots, now)
  const { root } = await requireSigned(overall, keys)
  requireDigests(overall.claims.submods, eat.devices)
  for (const { jwt } of tokens) await requireSigned(jwt, keys)
  const ends = jwts.map((jwt) => requireCurrent(jwt.claims, now))
  const nonce = requireOneNonce(jwts)
  return {
    kind: 'nras',
    issuer: ISSUER,
    root,
    keyId: overall.keyId,
    version: text(overall.claims, 'x-nvidia-ver'),
    nonce,
    isSuccess: overall.claims['x-nvidia-overall-att-result'] === true,
    devices: tokens.map(({ name, jwt }) => deviceOf(name, jwt.claims)),
    validUntil: Math.min(...ends, ...[...keys.values()].map((k) => k.validUntil)),
  }
}

async function trustedKeys(jwts: readonly Jwt[], set: KeySet, roots: readonly Uint8Array[], now: number) {
  const keys = new Map<string, TokenKey>()
  for (const id of new Set(jwts.map((jwt) => jwt.keyId))) keys.set(id, await trustedKey(set, id, roots, now))
  return keys
}

async function requireSigned(jwt: Jwt, keys: ReadonlyMap<string, TokenKey>): Promise<TokenKey> {
  const key = keys.get(jwt.keyId)
  if (key === undefined || !(await verifyRawEcdsa(key.spki, 'P-384', jwt.signed, jwt.signature)))
    throw fail('bad-signature', { meta: { keyId: jwt.keyId } })
  return key
}

// Returns until when the token holds.
function requireCurrent(claims: JsonObject, now: number): number {
  if (claims.iss !== ISSUER) throw fail('issuer-mismatch', { expected: ISSUER, actual: claims.iss })
  const from = Math.max(time(claims, 'iat'), time(claims, 'nbf'))
  const until = time(claims, 'exp')
  if (now < from) throw fail('not-yet-valid', { expected: from, actual: now })
  if (now > until) throw fail('expired', { expected: until, actual: now })
  return until
}

function requireOneNonce(jwts: readonly Jwt[]): Hex {
  const nonces = jwts.map(({ claims }) => text(claims, 'eat_nonce').toLowerCase())
  const [nonce = ''] = nonces
  if (!/^[0-9a-f]{64}$/.test(nonce)) throw bad('a nonce of 32 bytes')
  if (nonces.some((n) => n !== nonce)) throw fail('nonces-differ', { expected: nonce })
  return `0x${nonce}`
}

// Detached-Submodule-Digest (RFC 9711 4.2.18.2). The digest is over the device's token as it is written, in ASCII.
function requireDigests(submods: JsonValue | undefined, devices: readonly { name: string; token: string }[]): void {
  if (!isObject(submods)) throw bad('submods')
  const named = Object.keys(submods).sort()
  const present = devices.map(({ name }) => name).sort()
  if (named.join() !== present.join()) throw fail('devices-differ', { expected: named, actual: present })
  for (const { name, token } of devices) {
    const expected = digestOf(submods[name])
    const actual = toHex(sha256(utf8(token))).slice(2)
    if (actual !== expected) throw fail('digest-mismatch', { expected, actual, meta: { device: name } })
  }
}

function digestOf(submod: JsonValue | undefined): string {
  const [tag, digest] = listOf(submod)
  const [algorithm, value] = listOf(digest)
  if (tag !== 'DIGEST' || algorithm !== 'SHA-256' || typeof value !== 'string') throw bad('a SHA-256 digest')
  return value
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value) || value.length !== 2) throw bad('a pair')
  return value
}

const deviceOf = (name: string, claims: JsonObject): NrasDevice => ({
  name,
  role: name.startsWith('GPU-') ? 'gpu' : 'switch',
  claims: flat(claims),
})

function flat(claims: JsonObject): TokenClaims {
  const found = new Map<string, string | number | boolean | null>()
  const visit = (value: JsonValue, path: string): void => {
    if (found.size === MAX_CLAIMS) throw bad(`<= ${MAX_CLAIMS} claims`)
    if (typeof value !== 'object' || value === null) found.set(path, value)
    else for (const [name, inner] of Object.entries(value)) visit(inner, path === '' ? name : `${path}/${name}`)
  }
  visit(claims, '')
  return found
}

function text(claims: JsonObject, name: string): string {
  const value = claims[name]
  if (typeof value !== 'string') throw bad(name)
  return value
}

function time(claims: JsonObject, name: string): number {
  const value = claims[name]
  if (typeof value !== 'number') throw bad(name)
  return value
}

const bad = (expected: string) => fail('bad-token', { expected })
