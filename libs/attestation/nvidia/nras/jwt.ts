import { fromBase64Url, isAllodError, utf8 } from '@allod/protocol'
import { fail } from './errors.ts'
import { isObject, type JsonObject, parseJson, type Refuse } from './json.ts'

/** One compact JWS (RFC 7515), parsed and not yet verified. */
export type Jwt = {
  readonly keyId: string
  readonly claims: JsonObject
  /** Header and payload as they were signed. */
  readonly signed: Uint8Array<ArrayBuffer>
  /** r ‖ s on P-384, 96 bytes. */
  readonly signature: Uint8Array
}

// The largest recorded has 2.8 KB.
const MAX_CHARACTERS = 16_384

/**
 * Parses a token. ES384 is the only algorithm there is: `none`, and everything else that a header may say, is refused before
 * anything is looked at. No header but `alg`, `kid` and `typ`, so that none asks for what is not done.
 * @throws nras/bad-token, nras/algorithm-not-allowed
 */
export function parseJwt(text: string): Jwt {
  const [header = '', payload = '', signature = '', ...others] = text.split('.', 4)
  if (text.length > MAX_CHARACTERS || others.length > 0) throw bad('three parts')
  const { alg, kid, typ, ...rest } = objectOf(header)
  if (alg !== 'ES384') throw fail('algorithm-not-allowed', { expected: 'ES384', actual: alg })
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(kid)) throw bad('a key id')
  if ((typ !== undefined && typ !== 'JWT') || Object.keys(rest).length > 0) throw bad('no other header')
  const raw = decode(signature)
  if (raw.length !== 96) throw bad('a signature of 96 bytes')
  return { keyId: kid, claims: objectOf(payload), signed: utf8(`${header}.${payload}`), signature: raw }
}

function objectOf(part: string): JsonObject {
  const value = parseJson(decode(part), MAX_CHARACTERS, bad)
  if (!isObject(value)) throw bad('an object')
  return value
}

function decode(part: string): Uint8Array {
  try {
    return fromBase64Url(part)
  } catch (cause) {
    if (!isAllodError(cause)) throw cause
    throw bad('canonical base64url', cause)
  }
}

const bad: Refuse = (expected, cause) => fail('bad-token', { expected, cause })
