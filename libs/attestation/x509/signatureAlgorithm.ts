import { toHex } from '@allod/protocol'
import { DER, type DerNode } from './der.ts'
import { derExplicit, derOid, derSequence, derSmallInteger, derTagged } from './derValues.ts'
import { fail } from './errors.ts'

/**
 * The signature algorithms of hardware vendors: Intel ecdsa-sha256, NVIDIA ecdsa-sha384, AMD rsa-pss-sha384 with a salt of 48
 * bytes; RSA PKCS #1 v1.5 under NVIDIA's attestation service.
 */
export type SignatureAlgorithm =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'rsa-pss-sha384'
  | 'rsa-pkcs1-sha256'
  | 'rsa-pkcs1-sha384'

const SHA384 = '2.16.840.1.101.3.4.2.2'

/** The algorithm that an AlgorithmIdentifier names. @throws x509/unsupported-algorithm, x509/bad-der */
export function parseSignatureAlgorithm(node: DerNode | undefined): SignatureAlgorithm {
  const [oidNode, parameters] = derSequence(node, 1, 2)
  const oid = derOid(oidNode)
  switch (oid) {
    // RFC 5758 3.2: no parameters.
    case '1.2.840.10045.4.3.2':
      return require(parameters === undefined, 'ecdsa-sha256', node)
    case '1.2.840.10045.4.3.3':
      return require(parameters === undefined, 'ecdsa-sha384', node)
    // RFC 4055 5: parameters are NULL.
    case '1.2.840.113549.1.1.11':
      return require(parameters?.tag === DER.null, 'rsa-pkcs1-sha256', node)
    case '1.2.840.113549.1.1.12':
      return require(parameters?.tag === DER.null, 'rsa-pkcs1-sha384', node)
    case '1.2.840.113549.1.1.10':
      return require(isPss384(parameters), 'rsa-pss-sha384', node)
    default:
      throw fail('unsupported-algorithm', { actual: oid })
  }
}

// RSASSA-PSS-params (RFC 4055 3.1): SHA-384, MGF1 with SHA-384, a salt of 48 bytes. The trailer field is 1; AMD's older
// certificates write that default out, which DER forbids, so it is allowed here alone.
function isPss384(parameters: DerNode | undefined): boolean {
  const [hash, mask, salt, trailer] = derSequence(parameters, 3, 4)
  const [maskOid, maskHash] = derSequence(derExplicit(mask, 1), 2, 2)
  return (
    isSha384(derExplicit(hash, 0)) &&
    derOid(maskOid) === '1.2.840.113549.1.1.8' &&
    isSha384(maskHash) &&
    derSmallInteger(derExplicit(salt, 2)) === 48 &&
    (trailer === undefined || derSmallInteger(derExplicit(trailer, 3)) === 1)
  )
}

function isSha384(node: DerNode | undefined): boolean {
  const [oid, parameters] = derSequence(node, 1, 2)
  if (parameters !== undefined) derTagged(parameters, DER.null)
  return derOid(oid) === SHA384
}

function require(isKnown: boolean, algorithm: SignatureAlgorithm, node: DerNode | undefined): SignatureAlgorithm {
  if (!isKnown)
    throw fail('unsupported-algorithm', { expected: algorithm, actual: toHex(node?.bytes ?? new Uint8Array()) })
  return algorithm
}
