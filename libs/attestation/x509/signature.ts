import { concat, fromHex, isAllodError } from '@allod/protocol'

import { DER, type DerNode, readDer } from './der.ts'
import { derBits, derInteger, derOid, derSequence, derTagged } from './derValues.ts'
import type { SignatureAlgorithm } from './signatureAlgorithm.ts'

/** The curves that hardware vendors sign on. */
export type Curve = 'P-256' | 'P-384'

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const namedCurves: ReadonlyMap<string, Curve> = new Map([
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
])

// As WebCrypto takes them, to import a key and to verify; each curve goes with the hash of its strength.
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const P384 = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } as const
const PKCS1 = 'RSASSA-PKCS1-v1_5'
const algorithms = {
  'ecdsa-sha256': P256,
  'ecdsa-sha384': P384,
  'rsa-pss-sha384': { name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 },
  'rsa-pkcs1-sha256': { name: PKCS1, hash: 'SHA-256' },
  'rsa-pkcs1-sha384': { name: PKCS1, hash: 'SHA-384' },
} as const satisfies Readonly<Record<SignatureAlgorithm, object>>

type Algorithm = (typeof algorithms)[SignatureAlgorithm]

/**
 * Whether `signature`, in X.509's encoding, is by the key and over the message. A key that does not fit the algorithm has signed
 * nothing: each curve goes with the hash of its strength, RSA keys have 2048 to 4096 bits and the exponent 65537.
 * @param spki the raw SubjectPublicKeyInfo
 */
export async function verifySignature(
  spki: Uint8Array,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const how = algorithms[algorithm]
  const raw = how.name === 'ECDSA' ? rawSignature(signature, how === P256 ? 32 : 48) : signature
  return raw !== null && (await verify(spki, how, message, raw))
}

/**
 * Whether a raw signature (r ‖ s, big-endian) is by the key and over the message, hashed with SHA-256 on P-256 and SHA-384 on
 * P-384: what quotes, reports and tokens carry.
 * @param key a raw SubjectPublicKeyInfo, or a raw uncompressed point (0x04 ‖ x ‖ y)
 */
export const verifyRawEcdsa = (
  key: Uint8Array,
  curve: Curve,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => verify(key, curve === 'P-256' ? P256 : P384, message, signature)

// What is no key, as a point off the curve, throws on the way, and has signed nothing.
async function verify(key: Uint8Array, how: Algorithm, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const imported = await importOnce(key, how)
    return imported !== null && (await crypto.subtle.verify(how, imported, plain(signature), plain(message)))
  } catch {
    return false
  }
}

// A key is taken in once for each parsed certificate: an authority's is used for several signatures, a pinned root's for ever.
const imports = new WeakMap<Uint8Array, Map<Algorithm, Promise<CryptoKey | null>>>()

function importOnce(key: Uint8Array, how: Algorithm): Promise<CryptoKey | null> {
  const ofKey = imports.get(key) ?? new Map<Algorithm, Promise<CryptoKey | null>>()
  imports.set(key, ofKey)
  const imported = ofKey.get(how) ?? importKey(key, how)
  ofKey.set(how, imported)
  return imported
}

async function importKey(key: Uint8Array, how: Algorithm): Promise<CryptoKey | null> {
  const isPoint = key[0] === 0x04
  if (!isPoint && kindOf(key) !== ('namedCurve' in how ? how.namedCurve : 'rsa')) return null
  return await crypto.subtle.importKey(isPoint ? 'raw' : 'spki', plain(key), how, false, ['verify'])
}

// Ecdsa-Sig-Value (RFC 3279 2.2.3): SEQUENCE of r and s, each at most as long as the curve's order.
function rawSignature(signature: Uint8Array, sizeBytes: number): Uint8Array | null {
  try {
    const halves = derSequence(readDer(signature, { sizeBytes: 256, nodes: 3, depth: 2 }), 2, 2)
      .map(derInteger)
      .map((hex) => fromHex(hex))
    if (halves.some((half) => half.length > sizeBytes)) return null
    return concat(...halves.flatMap((half) => [new Uint8Array(sizeBytes - half.length), half]))
  } catch (error) {
    if (isAllodError(error)) return null
    throw error
  }
}

// SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279 2.3): what kind of key, or undefined for one that nobody here signs with.
function kindOf(spki: Uint8Array): Curve | 'rsa' | undefined {
  const [algorithm, key] = derSequence(readDer(spki, { sizeBytes: 1024, nodes: 8, depth: 4 }), 2, 2)
  const [oid, parameters] = derSequence(algorithm, 2, 2)
  const bits = derBits(key)
  // Whether the point is one of the curve is WebCrypto's to say; a compressed one it might take.
  if (derOid(oid) === EC_PUBLIC_KEY) return bits[0] === 0x04 ? namedCurves.get(derOid(parameters)) : undefined
  return derOid(oid) === RSA_ENCRYPTION && isRsaKey(parameters, bits) ? 'rsa' : undefined
}

function isRsaKey(parameters: DerNode | undefined, bits: Uint8Array): boolean {
  const [modulusNode, exponent] = derSequence(readDer(bits, { sizeBytes: 1024, nodes: 3, depth: 2 }), 2, 2)
  const modulus = derTagged(modulusNode, DER.integer).content
  derTagged(parameters, DER.null)
  // Whole bytes, the first of them the sign's: 2048 to 4096 bits in steps of eight.
  return modulus[0] === 0 && modulus.length >= 257 && modulus.length <= 513 && derInteger(exponent) === '0x010001'
}

const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>
