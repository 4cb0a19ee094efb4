import { readFileSync } from 'node:fs'
import { equalBytes, fromHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import type { VectorFile } from '../testing/runVectors.ts'
import { issueVek, vcekExtensions } from '../testing/sevSnpIssuer.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { encodeDer } from '../x509/encodeDer.ts'
import { intermediates } from './intermediates.ts'
import { withIntermediate } from './withIntermediate.ts'

const { blobs } = JSON.parse(readFileSync(new URL('../vectors/sevsnp.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name: string) => Uint8Array.from(Buffer.from(blobs[name] ?? '', 'base64'))

test('adds the authority that a VCEK names, once', async () => {
  const ask = parseCertificate(fromHex(`0x${intermediates[0]}`))
  const key = await newTestKey('P-384')
  const { der } = await issueVek(
    { der: new Uint8Array(), subject: ask.subject, key, serial: 1 },
    vcekExtensions('Milan', {}, new Uint8Array(64)),
    { key },
  )
  const added = withIntermediate([der])
  expect(added.map((one) => equalBytes(one, der) || equalBytes(one, ask.der))).toEqual([true, true])
  expect(withIntermediate(added)).toEqual(added)
})

test('adds nothing above a key of somebody else, nor where there is no key', () => {
  for (const given of [[blob('vcek-milan')], [blob('vcek-milan'), blob('ask-milan')], [blob('ask-milan')], []])
    expect(withIntermediate(given)).toEqual(given)
})

test('what is no endorsement is refused as the verifier refuses it', () => {
  expect(() => withIntermediate([encodeDer(0x04)])).toThrow(expect.objectContaining({ code: 'sevsnp/bad-endorsement' }))
})
