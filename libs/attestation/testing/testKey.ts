import { concat, fromHex } from '@allod/protocol'
import { readDer } from '../x509/der.ts'
import { derInteger, derSequence } from '../x509/derValues.ts'
import { explicit, integer, nothing, oid, sequence } from './derWriter.ts'

/** How a test key signs: ECDSA with the hash of its curve, RSA-PSS as AMD's, RSA PKCS #1 v1.5. */
export type TestKeyKind = 'P-256' | 'P-384' | 'rsa-pss' | 'rsa-pkcs1'

/** A key of our own test roots, which no pinned root vouches for. */
export type TestKey = {
  readonly kind: TestKeyKind
  /** Raw SubjectPublicKeyInfo. */
  readonly spki: Uint8Array<ArrayBuffer>
  /** The AlgorithmIdentifier of its signatures. */
  readonly algorithm: Uint8Array<ArrayBuffer>
  /** Signs as X.509 has it (ECDSA: DER). */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>
  /** Signs raw: r ‖ s for ECDSA. */
  readonly signRaw: (message: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>
}

/** The raw uncompressed point of an elliptic key: 0x04 ‖ x ‖ y. */
export const pointOf = ({ kind, spki }: TestKey): Uint8Array<ArrayBuffer> => spki.slice(kind === 'P-256' ? -65 : -97)

/** A fresh key. @param rsaBits RSA only; 4096, as AMD's, takes a second or more to make */
export async function newTestKey(kind: TestKeyKind, rsaBits = 2048): Promise<TestKey> {
  const { generate, sign } = parametersOf(kind, rsaBits)
  const { publicKey, privateKey } = (await crypto.subtle.generateKey(generate, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const signRaw = async (message: Uint8Array) =>
    new Uint8Array(await crypto.subtle.sign(sign, privateKey, message as Uint8Array<ArrayBuffer>))
  return {
    kind,
    spki: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)),
    algorithm: algorithmOf(kind),
    signRaw,
    sign: kind.startsWith('P-') ? async (message) => derSignature(await signRaw(message)) : signRaw,
  }
}

/** r ‖ s as the SEQUENCE of two integers that X.509 carries. */
export function derSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  return sequence(integer(raw.slice(0, raw.length / 2)), integer(raw.slice(raw.length / 2)))
}

/** The other way about. @param sizeBytes of r: 32 or 48 */
export function rawSignature(der: Uint8Array, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const halves = derSequence(readDer(der)).map((node) => fromHex(derInteger(node)))
  return concat(...halves.flatMap((half) => [new Uint8Array(sizeBytes - half.length), half]))
}

function parametersOf(kind: TestKeyKind, modulusLength: number) {
  if (kind === 'P-256' || kind === 'P-384')
    return {
      generate: { name: 'ECDSA', namedCurve: kind },
      sign: { name: 'ECDSA', hash: kind === 'P-256' ? 'SHA-256' : 'SHA-384' },
    }
  const name = kind === 'rsa-pss' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  const publicExponent = Uint8Array.of(1, 0, 1)
  const hash = kind === 'rsa-pss' ? 'SHA-384' : 'SHA-256'
  return { generate: { name, hash, modulusLength, publicExponent }, sign: { name, saltLength: 48 } }
}

function algorithmOf(kind: TestKeyKind): Uint8Array<ArrayBuffer> {
  const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'), nothing())
  switch (kind) {
    case 'P-256':
      return sequence(oid('1.2.840.10045.4.3.2'))
    case 'P-384':
      return sequence(oid('1.2.840.10045.4.3.3'))
    case 'rsa-pkcs1':
      return sequence(oid('1.2.840.113549.1.1.11'), nothing())
    case 'rsa-pss':
      return sequence(
        oid('1.2.840.113549.1.1.10'),
        sequence(
          explicit(0, sha384),
          explicit(1, sequence(oid('1.2.840.113549.1.1.8'), sha384)),
          explicit(2, integer(48)),
        ),
      )
  }
}
