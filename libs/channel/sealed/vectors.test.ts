import { createDecipheriv, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concat, fromHex, isAllodError, sha256, toHex, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { ByteReader, collect } from '../ByteSource.ts'
import { decodeResponse } from '../http/decodeBinaryHttp.ts'
import type { SealedVector } from '../testing/generateVectors.ts'
import { openChunks } from './chunks.ts'
import { openRequest } from './openRequest.ts'
import { ReplaySet } from './ReplaySet.ts'
import { createServiceKey } from './ServiceKey.ts'
import { ENC_BYTES, hpke, kem, REQUEST_HEADER_BYTES } from './suite.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/sealed.json', import.meta.url), 'utf8'),
) as readonly SealedVector[]

/** Opens both directions from the secret key; the response by Node's own crypto, from the text of the protocol alone. */
async function openBoth(vector: SealedVector): Promise<Exclude<SealedVector['expect'], string>> {
  const { orderId, bundleHash } = vector
  const seed = fromHex(vector.seed, 32)
  const pair = await createServiceKey(Uint8Array.from(seed))
  const wire = fromHex(vector.request)
  const opened = await openRequest([{ ...pair, orderId, bundleHash, replays: new ReplaySet() }], wire)
  const request = toHex(await collect(opened.body, 1e6))
  const header = wire.subarray(0, REQUEST_HEADER_BYTES)
  const enc = wire.slice(REQUEST_HEADER_BYTES, REQUEST_HEADER_BYTES + ENC_BYTES)
  const context = await hpke.createRecipientContext({
    recipientKey: await kem.deserializePrivateKey(seed.buffer),
    enc: enc.buffer,
    info: concat(utf8('allod/sealed-request/v1'), header, fromHex(orderId), fromHex(bundleHash)).buffer,
  })
  const secret = await context.export(utf8('allod/sealed-response/v1').buffer, 32)
  const reader = new ByteReader(fromHex(vector.response))
  const salt = concat(enc, await reader.upTo(32))
  const key = new Uint8Array(hkdfSync('sha256', new Uint8Array(secret), salt, utf8('key'), 32))
  const nonce = Buffer.from(hkdfSync('sha256', new Uint8Array(secret), salt, utf8('nonce'), 12))
  const chunks = openChunks(reader, async (chunk, aad, index) => {
    const iv = Uint8Array.from(nonce)
    new DataView(iv.buffer).setUint32(8, nonce.readUint32BE(8) ^ index)
    const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(aad).setAuthTag(chunk.subarray(-16))
    return Uint8Array.from(Buffer.concat([decipher.update(chunk.subarray(0, -16)), decipher.final()])).buffer
  })
  const answer = await decodeResponse(chunks)
  const response = toHex(await collect(answer.body, 1e6))
  return { path: opened.head.path, request, status: answer.head.status, response }
}

test('every vector opens, or is refused, as it says', async () => {
  for (const vector of vectors) {
    const found = await openBoth(vector).catch((error: unknown) => (isAllodError(error) ? error.code : error))
    expect(found, vector.name).toEqual(vector.expect)
  }
  expect(vectors.length).toBe(12)
})

test('X-Wing is the one of draft-connolly-cfrg-xwing-kem, appendix C', async () => {
  const seed = fromHex('0x7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26')
  const ekm = fromHex(
    '0x3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e235b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2',
  )
  const { publicKey } = await createServiceKey(seed)
  const { sharedSecret, enc } = await kem.encap({
    recipientPublicKey: await kem.deserializePublicKey(publicKey.buffer),
    ekm: ekm.buffer,
  })
  expect(toHex(new Uint8Array(sharedSecret))).toBe('0xd2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384')
  expect(toHex(sha256(new Uint8Array(enc)))).toBe('0x17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33')
})
