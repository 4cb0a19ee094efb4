import { errorsOf } from './AllodError.ts'
import { concat, fromBase64Url, type Hex, toBase64Url, utf8 } from './bytes.ts'
import { canonicalise, type Json, parseCanonical } from './canonical.ts'
import { sha256, taggedHash } from './hash.ts'
import { hex, list, oneOf, record, type Shaped, text } from './shape.ts'
import { recoverSigner, type SigningKey, signDigest } from './signature.ts'

const fail = errorsOf('report', {
  'signature-mismatch': [
    'a report was changed after it was signed',
    'get the report again from where its order published it',
  ],
})

/** DSSE's payload type for an in-toto statement. */
export const inTotoPayloadType = 'application/vnd.in-toto+json'

/** A DSSE envelope with one secp256k1 signature; payload is base64url, the signature 65 bytes as hex. */
export const envelopeShape = record({
  payloadType: oneOf(inTotoPayloadType),
  payload: text(4 << 20),
  signatures: list(record({ keyid: hex(20), sig: hex(65) }), 1, 1),
})
export type Envelope = Shaped<typeof envelopeShape>

/** Signs a statement: the enclave's key over SHA-256 of DSSE's pre-authentication encoding. */
export function signEnvelope(key: SigningKey, statement: Json): Envelope {
  const payload = canonicalise(statement)
  return {
    payloadType: inTotoPayloadType,
    payload: toBase64Url(payload),
    signatures: [{ keyid: key.address, sig: signDigest(key, preAuthDigest(payload)) }],
  }
}

/**
 * The statement of an envelope signed by `signer`.
 * @throws report/signature-mismatch
 */
export function openEnvelope(envelope: Envelope, signer: Hex): Json {
  const payload = fromBase64Url(envelope.payload)
  const [signature] = envelope.signatures
  const actual = signature === undefined ? null : recoverOrNull(preAuthDigest(payload), signature.sig)
  if (actual !== signer || signature?.keyid !== signer) throw fail('signature-mismatch', { expected: signer, actual })
  return parseCanonical(payload, 4 << 20)
}

/** The hash of a report that goes on chain. */
export const envelopeHash = (envelope: Envelope): Hex => taggedHash('allod/report/v1', canonicalise(envelope))

function recoverOrNull(digest: Uint8Array, signature: Hex): Hex | null {
  try {
    return recoverSigner(digest, signature)
  } catch {
    return null
  }
}

// DSSE: PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body
function preAuthDigest(payload: Uint8Array): Uint8Array {
  const type = utf8(inTotoPayloadType)
  return sha256(concat(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload))
}
