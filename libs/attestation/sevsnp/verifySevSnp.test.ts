import { readFileSync } from 'node:fs'
import { fromHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { issueCertificate } from '../testing/issue.ts'
import { policyOf, type VectorFile } from '../testing/runVectors.ts'
import { certificateTable, issueVek, newAuthorities, put, signReport, vcekExtensions } from '../testing/sevSnpIssuer.ts'
import { newTestKey } from '../testing/testKey.ts'
import type { SevSnpClaims } from './claims.ts'
import { parseEndorsements } from './endorsements.ts'
import { sevSnpChecks } from './sevSnpChecks.ts'
import { sevSnpVerifier } from './verifySevSnp.ts'

const file = JSON.parse(readFileSync(new URL('../vectors/sevsnp.json', import.meta.url), 'utf8')) as VectorFile
const blob = (name: string) => Uint8Array.from(Buffer.from(file.blobs[name] ?? '', 'base64'))
const at = { now: file.now }
const guids = {
  vcek: fromHex('0x63da758de6644564adc5f4b93be8accd'),
  ask: fromHex('0x4ab7b379bbac4fe4a02f05aef327c782'),
}

const milan = await newAuthorities('Milan')
const key = await newTestKey('P-384')
// An old report names no product: certificates alone do.
const report = await signReport(2, key, [put(0x1a0, ...new Uint8Array(64).fill(7))])
const extensions = (product: string) => vcekExtensions(product, { 1: 0, 2: 0, 3: 0, 8: 0 }, new Uint8Array(64).fill(7))

test('a certificate of one product by the authority of another is refused where the report names none', async () => {
  const judge = async (product: string) => {
    const vcek = await issueVek(milan.ask, extensions(product), { key })
    return codeOf(() => sevSnpVerifier({ roots: [milan.ark.der] }).verify(report, [vcek.der, milan.ask.der], at))
  }
  expect(await judge('Milan')).toBe('accepted')
  expect(await judge('Genoa')).toBe('sevsnp/product-mismatch')
})

test('a root of no known product vouches for none, whatever its authority is called', async () => {
  const ark = await issueCertificate({ subject: 'ARK-Rome', key: await newTestKey('rsa-pss'), isCa: true })
  const ask = await issueCertificate({ subject: 'SEV-undefined', key: milan.ask.key, issuer: ark, isCa: true })
  const vcek = await issueVek(ask, extensions('Milan'), { key })
  const verify = () => sevSnpVerifier({ roots: [ark.der] }).verify(report, [vcek.der, ask.der], at)
  expect(await codeOf(verify)).toBe('sevsnp/wrong-issuer')
})

test('a table’s entry is what its GUID says; only an ASVK comes as ASK', async () => {
  const parse = (guid: Uint8Array, name: string) =>
    codeOf(() => parseEndorsements([certificateTable([[guid, blob(name)]])]))
  expect(await parse(guids.ask, 'asvk-milan')).toBe('accepted')
  expect(await parse(guids.ask, 'vcek-milan')).toBe('sevsnp/bad-certificate-table')
  expect(await parse(guids.vcek, 'asvk-milan')).toBe('sevsnp/bad-certificate-table')
})

test('a reported TCB older than the policy accepts is refused, although the committed one is not', async () => {
  const roots = file.roots.map(blob)
  const brought = ['vcek-milan', 'ask-milan', 'crl-milan'].map(blob)
  const { claims } = await sevSnpVerifier({ roots }).verify(blob('v3-milan'), brought, at)
  const stated = claims as SevSnpClaims
  const later = { ...stated.reportedTcb, microcode: stated.reportedTcb.microcode + 1 }
  const { sevsnp } = policyOf({ sevsnp: { minimumTcb: { Milan: later } } })
  const refused = sevSnpChecks({ ...stated, committedTcb: later }, sevsnp).filter((c) => c.result !== 'pass')
  expect(refused.map((c) => c.name)).toEqual(['reported-tcb'])
})
