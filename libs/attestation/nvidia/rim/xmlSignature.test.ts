import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { newRimSigner, rimText, signRim } from '../../testing/rimIssuer.ts'
import { parseXml } from './xml.ts'
import { readXmlSignature } from './xmlSignature.ts'

const signer = await newRimSigner()
const text = rimText({ version: '580.95.05', measurements: [] })
const read = (xml: Uint8Array) => codeOf(() => readXmlSignature(parseXml(xml)))
const around = async (from: RegExp, to: string) =>
  read(await signRim(text, signer, { signature: (whole) => whole.replaceAll(from, to) }))
const FOREIGN = 'xmlns:o="urn:o"'

test('a manifest with nothing in it has no signature', async () => {
  expect(await read(utf8('<a/>'))).toBe('rim/profile-not-supported')
})

test.each([
  ['signature of another namespace', /<(\/?)ds:Signature(>| )/g, `<$1o:Signature$2`],
  ['value of another namespace', /<(\/?)ds:SignatureValue>/g, '<$1o:SignatureValue>'],
  ['value of another name', /<(\/?)ds:SignatureValue>/g, '<$1ds:SignatureText>'],
])('a %s is none', async (_, from, to) => {
  const declared = (whole: string) => whole.replace(' xmlns:ds=', ` ${FOREIGN} xmlns:ds=`)
  const signed = (edit: (whole: string) => string) =>
    signRim(text, signer, { signature: (whole) => declared(edit(whole)) })
  expect(await read(await signed((whole) => whole))).toBe('accepted')
  expect(await read(await signed((whole) => whole.replaceAll(from, to)))).toBe('rim/profile-not-supported')
})

test('only the signature itself declares namespaces', async () => {
  expect(await around(/$^/g, '')).toBe('accepted')
  expect(await around(/<ds:KeyInfo>/g, `<ds:KeyInfo ${FOREIGN}>`)).toBe('rim/profile-not-supported')
})
