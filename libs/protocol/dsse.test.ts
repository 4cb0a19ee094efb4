import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64Url, fromHex, toBase64Url, toHex } from './bytes.ts'
import { type Envelope, envelopeHash, openEnvelope, signEnvelope } from './dsse.ts'
import { newSigningKey } from './signature.ts'
import { fill } from './testing/samples.ts'

const key = newSigningKey(new Uint8Array(32).fill(7))
const statement = { kind: 'sample', outputs: [1, 2, 3], note: 'ok' }
const envelope = signEnvelope(key, statement)
const sig = envelope.signatures[0]?.sig ?? '0x'
const mismatch = expect.objectContaining({ code: 'report/signature-mismatch' })

const flipped = (bytes: Uint8Array, at: number, mask: number): Uint8Array =>
  bytes.map((b, i) => (i === at % bytes.length ? b ^ mask : b))
const flip = fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 }))

describe('an envelope', () => {
  test('gives the statement that was signed', () => {
    expect(openEnvelope(envelope, key.address)).toEqual(statement)
  })

  test('is refused with any byte of its payload changed', () => {
    fc.assert(
      fc.property(flip, ([at, mask]) => {
        const payload = toBase64Url(flipped(fromBase64Url(envelope.payload), at, mask))
        expect(() => openEnvelope({ ...envelope, payload }, key.address)).toThrow(mismatch)
      }),
    )
  })

  test('is refused with any byte of its signature changed', () => {
    fc.assert(
      fc.property(flip, ([at, mask]) => {
        const changed = toHex(flipped(fromHex(sig), at, mask))
        const bad: Envelope = { ...envelope, signatures: [{ keyid: key.address, sig: changed }] }
        expect(() => openEnvelope(bad, key.address)).toThrow(mismatch)
      }),
    )
  })

  test('is refused by another signer, under another key id, or unsigned', () => {
    expect(() => openEnvelope(envelope, fill(20, 9))).toThrow(mismatch)
    expect(() => openEnvelope({ ...envelope, signatures: [{ keyid: fill(20, 9), sig }] }, key.address)).toThrow(
      mismatch,
    )
    expect(() => openEnvelope({ ...envelope, signatures: [] }, key.address)).toThrow(mismatch)
  })

  test('has one hash per statement', () => {
    expect(envelopeHash(envelope)).toBe(envelopeHash(signEnvelope(key, statement)))
    expect(envelopeHash(envelope)).not.toBe(envelopeHash(signEnvelope(key, { ...statement, note: 'no' })))
  })
})
