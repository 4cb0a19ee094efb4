// Writes sevsnp.json: SEV-SNP reports of our own test roots, a positive of each sort and a negative for each way to fail.
// Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeSevSnp.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, fromHex, lp, taggedHash, toHex, utf8 } from '@allod/protocol'
import { integer, octets } from '../testing/derWriter.ts'
import { issueCertificate, issueCrl } from '../testing/issue.ts'
import { pemOf } from '../testing/pemOf.ts'
import type { VectorCase } from '../testing/runVectors.ts'
import {
  certificateTable,
  issueVek,
  newAuthorities,
  type Patch,
  put,
  signReport,
  vcekExtensions,
  vlekExtensions,
} from '../testing/sevSnpIssuer.ts'
import { newTestKey } from '../testing/testKey.ts'

const NOW = 1_790_000_000
const DAY = 86_400
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

const milan = await newAuthorities('Milan')
const genoa = await newAuthorities('Genoa')
const turin = await newAuthorities('Turin')
const stranger = await newAuthorities('Milan')
const key = await newTestKey('P-384')
const otherKey = await newTestKey('P-384')

// Bootloader, tee, snp and microcode, by their extensions; their bytes stand at 0, 1, 6 and 7, on Turin behind the FMC.
const versions = { 1: 4, 2: 0, 3: 24, 8: 219 }
const turinVersions = { 9: 1, 1: 1, 2: 1, 3: 4, 8: 81 }
const tcb = [4, 0, 0, 0, 0, 0, 24, 219]
const turinTcb = [1, 1, 1, 4, 0, 0, 0, 81]
const chip = bytes(64, 0x3a)
const turinChip = bytes(8, 0x7e)

const tcbs = (of: readonly number[]): Patch[] => [0x38, 0x180, 0x1e0, 0x1f0].map((at) => put(at, ...of))
const milanFacts = [...tcbs(tcb), put(0x1a0, ...chip)]
const cpuid = (...of: number[]): Patch => put(0x188, ...of)
const milanCpu = cpuid(0x19, 1, 1)
const milanReport = (...patches: Patch[]) => signReport(3, key, [...milanFacts, milanCpu, ...patches])
const vlekReport = (...patches: Patch[]) =>
  signReport(3, key, [...tcbs(tcb), milanCpu, put(0x48, 4), put(0x30, 1), ...patches])
const flipped = (of: Uint8Array, at: number): Uint8Array => of.map((b, i) => (i === at ? b ^ 1 : b))

const milanExtensions = vcekExtensions('Milan-B0', versions, chip)
const without = (id: string) => Object.fromEntries(Object.entries(milanExtensions).filter(([name]) => name !== id))
const vcek = await issueVek(milan.ask, milanExtensions, { key })
const vlekExt = vlekExtensions('Milan', versions, 'CN=cloud.example')
const vlek = await issueVek(milan.asvk, vlekExt, { key })
const milanVcek = async (extensions: Record<string, Uint8Array>) => (await issueVek(milan.ask, extensions, { key })).der

const crlOf = (issuer: typeof milan.ark, more: Partial<Parameters<typeof issueCrl>[0]> = {}) =>
  issueCrl({ issuer, thisUpdate: NOW - DAY, nextUpdate: NOW + 30 * DAY, ...more })
const milanCrl = await crlOf(milan.ark, { revoked: [{ serial: 0x77 }] })

const guids = {
  vcek: fromHex('0x63da758de6644564adc5f4b93be8accd'),
  vlek: fromHex('0xa8074bc2a25a483eaae639c045a0b8a1'),
  ask: fromHex('0x4ab7b379bbac4fe4a02f05aef327c782'),
  ark: fromHex('0xc0b406a4a803495297433fb6014cd0ae'),
  crl: fromHex('0x92f81bc358114d3d97ffd19f88dc67ea'),
  google: fromHex('0x9f4116cdc5034f5a8f6ffb68882f4ce2'),
}
const table = certificateTable([
  [guids.vcek, vcek.der],
  [guids.ask, milan.ask.der],
  [guids.ark, milan.ark.der],
  [guids.crl, milanCrl],
  [guids.google, utf8('a launch endorsement')],
])
const overlapping = table.slice()
new DataView(overlapping.buffer).setUint32(24 + 16, new DataView(table.buffer).getUint32(16, true), true)

const blobs: Record<string, Uint8Array> = {
  'ark-milan': milan.ark.der,
  'ark-genoa': genoa.ark.der,
  'ark-turin': turin.ark.der,
  'ask-milan': milan.ask.der,
  'asvk-milan': milan.asvk.der,
  'ask-genoa': genoa.ask.der,
  'asvk-genoa': genoa.asvk.der,
  'ask-turin': turin.ask.der,
  'vcek-milan': vcek.der,
  'vcek-genoa': (await issueVek(genoa.ask, vcekExtensions('Genoa', versions, chip), { key })).der,
  'vcek-turin': (await issueVek(turin.ask, vcekExtensions('Turin', turinVersions, turinChip), { key })).der,
  'vlek-milan': vlek.der,
  'crl-milan': milanCrl,
  'crl-genoa': await crlOf(genoa.ark),
  'crl-turin': await crlOf(turin.ark),
  'v2-milan': await signReport(2, key, milanFacts),
  'v3-milan': await milanReport(),
  'v3-genoa': await signReport(3, key, [...milanFacts, cpuid(0x19, 0x11, 1)]),
  'v5-genoa': await signReport(5, key, [...milanFacts, cpuid(0x19, 0xa0, 2), put(0x1f8, 11), put(0x200, 11)]),
  'v5-turin': await signReport(5, key, [...tcbs(turinTcb), put(0x1a0, ...turinChip), cpuid(0x1a, 2, 1), put(0x1f8, 63)]),
  'vlek-report': await vlekReport(),
}
const cases: VectorCase[] = []

const milanBrought = ['vcek-milan', 'ask-milan', 'crl-milan']
const vlekBrought = ['vlek-milan', 'asvk-milan', 'crl-milan']
const vlekPolicy = { sevsnp: { vlek: true, vmpls: [1] } }

type Case = Omit<VectorCase, 'name' | 'expect' | 'evidence' | 'endorsements'> & {
  readonly evidence?: string | Uint8Array
  readonly endorsements?: readonly (string | Uint8Array)[]
}

// A case's own blobs get its name.
function add(expect: string, name: string, { evidence = 'v3-milan', endorsements = milanBrought, ...rest }: Case = {}) {
  const named = (blob: string | Uint8Array, suffix: string): string => {
    if (typeof blob === 'string') return blob
    const same = Object.keys(blobs).find((known) => toHex(blobs[known] as Uint8Array) === toHex(blob))
    if (same !== undefined) return same
    const own = `${name}, ${suffix}`
    blobs[own] = blob
    return own
  }
  cases.push({
    name,
    evidence: named(evidence, 'evidence'),
    endorsements: endorsements.map((blob, i) => named(blob, `endorsement ${i}`)),
    ...rest,
    expect,
  })
}

const withVcek = (der: Uint8Array): Case => ({ endorsements: [der, 'ask-milan', 'crl-milan'] })
const withCrl = (der: Uint8Array): Case => ({ endorsements: ['vcek-milan', 'ask-milan', der] })

// What is accepted.
add('accepted', 'v2 Milan, whose product only the certificate names', { evidence: 'v2-milan' })
add('accepted', 'v3 Milan')
add('accepted', 'v3 Genoa', { evidence: 'v3-genoa', endorsements: ['vcek-genoa', 'ask-genoa', 'crl-genoa'] })
add('accepted', 'v5 Genoa', { evidence: 'v5-genoa', endorsements: ['crl-genoa', 'ask-genoa', 'vcek-genoa'] })
add('accepted', 'v5 Turin', { evidence: 'v5-turin', endorsements: ['vcek-turin', 'ask-turin', 'crl-turin'] })
add('accepted', 'VLEK', { evidence: 'vlek-report', endorsements: vlekBrought, policy: vlekPolicy })
add('accepted', 'the host’s table, with everything', { endorsements: [table] })
add('accepted', 'the host’s table, padded with zeros', { endorsements: [concat(table, bytes(100, 0))] })
add('accepted', 'a VLEK in the host’s table, its authority as ASK', {
  evidence: 'vlek-report',
  endorsements: [certificateTable([[guids.vlek, vlek.der], [guids.ask, milan.asvk.der]]), 'crl-milan'],
  policy: vlekPolicy,
})
add('accepted', 'PEM, root included, and everything twice', {
  endorsements: [
    pemOf('CERTIFICATE', vcek.der, milan.ask.der, milan.ark.der),
    pemOf('X509 CRL', milanCrl),
    ...milanBrought,
    'ark-milan',
  ],
})
add('accepted', 'two lists, one per sort of key', { endorsements: [...milanBrought, await crlOf(milan.ark)] })
add('accepted', 'VCEK and VLEK, of which one applies', { endorsements: [...milanBrought, 'vlek-milan', 'asvk-milan'] })
add('accepted', 'a masked chip id', { evidence: await milanReport(put(0x1a0, ...bytes(64, 0))) })
add('accepted', 'a chip id wrapped in an octet string', withVcek(await milanVcek({ ...milanExtensions, '4': octets(chip) })))
add('accepted', 'reserved versions of zero', withVcek(await milanVcek({ ...milanExtensions, '3.5': integer(0) })))
add('accepted', 'all that a policy can name', {
  evidence: await milanReport(put(0x40, 0x20), put(0x48, 1), put(0xe0, ...bytes(48, 1)), put(0x110, ...bytes(48, 2))),
  policy: {
    minimumTcb: 4 + 24 * 256 ** 2 + 219 * 256 ** 3,
    machines: [taggedHash('allod/machine/v1', lp(utf8('sevsnp')), chip)],
    configs: [toHex(bytes(32, 0xc0))],
    measurements: [toHex(Uint8Array.from({ length: 48 }, (_, i) => i))],
    sevsnp: {
      products: ['Milan'],
      minimumTcb: { Milan: { fmc: 0, bootloader: 4, tee: 0, snp: 24, microcode: 219 } },
      smt: false,
      aliasCheck: true,
      idKeys: [toHex(bytes(48, 1))],
      authorKeys: [toHex(bytes(48, 2))],
    },
  },
  expected: { reportData: toHex(concat(utf8('hermetic'), bytes(56, 0))) },
})
add('accepted', 'no list, where the policy names that exception', {
  endorsements: ['vcek-milan', 'ask-milan'],
  policy: { exceptions: ['revocation-unknown'] },
})
add('attestation/revocation-unknown', 'no list', { endorsements: ['vcek-milan', 'ask-milan'] })

// Layout.
const report = blobs['v3-milan'] as Uint8Array
add('sevsnp/bad-report', 'a byte short', { evidence: report.slice(0, -1) })
add('sevsnp/bad-report', 'a byte over', { evidence: concat(report, bytes(1, 0)) })
add('sevsnp/bad-report', 'nothing', { evidence: new Uint8Array() })
for (const at of [0x4c, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x1f8, 0x200, 0x29f])
  add('sevsnp/bad-report', `v3, reserved byte ${at} set`, { evidence: await milanReport(put(at, 1)) })
add('sevsnp/bad-report', 'v2, CPUID set', { evidence: await signReport(2, key, [...milanFacts, milanCpu]) })
add('sevsnp/bad-report', 'v5, byte behind the mitigations set', {
  evidence: await signReport(5, key, [...milanFacts, milanCpu, put(0x208, 1)]),
})
add('sevsnp/bad-report', 'guest policy without its one', { evidence: await milanReport(put(0x0a, 1)) })
add('sevsnp/bad-report', 'guest policy with a reserved bit', { evidence: await milanReport(put(0x0b, 4)) })
add('sevsnp/bad-report', 'platform information with a reserved bit', { evidence: await milanReport(put(0x41, 1)) })
add('sevsnp/bad-report', 'privilege level 4', { evidence: await milanReport(put(0x30, 4)) })
add('sevsnp/bad-report', 'key information with a reserved bit', { evidence: await milanReport(put(0x48, 0x20)) })
add('sevsnp/bad-report', 'launch TCB with a reserved byte', { evidence: await milanReport(put(0x1f3, 1)) })
add('sevsnp/unknown-version', 'version 4', { evidence: await signReport(4, key, [...milanFacts, milanCpu]) })
add('sevsnp/unknown-version', 'version 6', { evidence: await signReport(6, key, [...milanFacts, milanCpu]) })
add('sevsnp/unknown-signing-key', 'signed by no key', { evidence: await milanReport(put(0x48, 7 << 2)) })
add('sevsnp/unknown-signing-key', 'another algorithm', { evidence: await milanReport(put(0x34, 2)) })
add('sevsnp/signature-not-canonical', 'a byte behind R', { evidence: flipped(report, 0x2a0 + 60) })
add('sevsnp/signature-not-canonical', 'a byte behind S', { evidence: flipped(report, 0x2a0 + 130) })
add('sevsnp/signature-not-canonical', 'a byte behind the signature', { evidence: flipped(report, 0x2a0 + 150) })

// Signature.
add('sevsnp/signature-mismatch', 'another measurement', { evidence: flipped(report, 0x90) })
add('sevsnp/signature-mismatch', 'another R', { evidence: flipped(report, 0x2a0) })
add('sevsnp/signature-mismatch', 'R and S of zero', { evidence: concat(report.slice(0, 0x2a0), bytes(512, 0)) })
add('sevsnp/signature-mismatch', 'signed by another key', {
  evidence: await signReport(3, otherKey, [...milanFacts, milanCpu]),
})
add('sevsnp/signature-mismatch', 'a VCEK on another curve', withVcek(
  (await issueVek(milan.ask, milanExtensions, { key: await newTestKey('P-256') })).der,
))

// Product, chip, versions.
add('sevsnp/unknown-product', 'a family that is not known', { evidence: await milanReport(cpuid(0x17, 1)) })
add('sevsnp/unknown-product', 'a model between Milan and Genoa', { evidence: await milanReport(cpuid(0x19, 0x20)) })
add('sevsnp/unknown-product', 'a model behind Turin', { evidence: await milanReport(cpuid(0x1a, 0x50)) })
add('sevsnp/product-mismatch', 'a report of Genoa under a VCEK of Milan', { evidence: 'v3-genoa' })
add('sevsnp/product-mismatch', 'a VCEK of Genoa by the authority of Milan', withVcek(
  await milanVcek(vcekExtensions('Genoa', versions, chip)),
))
add('sevsnp/chip-mismatch', 'a VCEK of another chip', withVcek(
  await milanVcek(vcekExtensions('Milan-B0', versions, bytes(64, 0x3b))),
))
add('sevsnp/chip-mismatch', 'Turin, a chip id longer than its 8 bytes', {
  evidence: await signReport(5, key, [...tcbs(turinTcb), put(0x1a0, ...bytes(9, 0x7e)), cpuid(0x1a, 2, 1)]),
  endorsements: ['vcek-turin', 'ask-turin', 'crl-turin'],
})
add('sevsnp/chip-mismatch', 'a chip id under a VLEK', {
  evidence: await vlekReport(put(0x1a0, ...chip)),
  endorsements: vlekBrought,
  policy: vlekPolicy,
})
for (const [id, what] of [['1', 'bootloader'], ['2', 'tee'], ['3', 'snp'], ['8', 'microcode']] as const)
  add('sevsnp/tcb-mismatch', `a VCEK for another ${what}`, withVcek(
    await milanVcek(vcekExtensions('Milan-B0', { ...versions, [id]: 99 }, chip)),
  ))
add('sevsnp/tcb-mismatch', 'Turin, a VCEK for another FMC', {
  evidence: 'v5-turin',
  endorsements: [
    (await issueVek(turin.ask, vcekExtensions('Turin', { ...turinVersions, 9: 0 }, turinChip), { key })).der,
    ...['ask-turin', 'crl-turin'],
  ],
})

// The certificate that signs.
add('sevsnp/vek-missing', 'no VCEK', { endorsements: ['ask-milan', 'crl-milan'] })
add('sevsnp/vek-missing', 'nothing brought along', { endorsements: [] })
add('sevsnp/vek-mismatch', 'a VLEK for a report by a VCEK', { endorsements: vlekBrought })
add('sevsnp/vek-mismatch', 'a VCEK for a report by a VLEK', { evidence: 'vlek-report' })
for (const id of ['1', '2', '3.1', '3.2', '3.3', '3.8', '4'])
  add('sevsnp/bad-vek', `a VCEK without extension ${id}`, withVcek(await milanVcek(without(id))))
add('sevsnp/bad-vek', 'a VCEK with a cloud', withVcek(
  (await issueVek(milan.ask, { ...vlekExt, ...milanExtensions }, { key, subject: 'SEV-VCEK' })).der,
))
add('sevsnp/bad-vek', 'a Milan with an FMC', withVcek(await milanVcek({ ...milanExtensions, '3.9': integer(0) })))
add('sevsnp/bad-vek', 'a reserved version that counts', withVcek(await milanVcek({ ...milanExtensions, '3.4': integer(1) })))
add('sevsnp/bad-vek', 'a version of 256', withVcek(await milanVcek({ ...milanExtensions, '3.8': integer(256) })))
add('sevsnp/bad-vek', 'a version that is no number', withVcek(await milanVcek({ ...milanExtensions, '3.8': octets() })))
add('sevsnp/bad-vek', 'a chip id of 63 bytes', withVcek(await milanVcek({ ...milanExtensions, '4': bytes(63, 1) })))
add('sevsnp/bad-vek', 'a product nobody knows', withVcek(await milanVcek(vcekExtensions('Rome-B0', versions, chip))))
add('sevsnp/bad-vek', 'a later structure', withVcek(await milanVcek({ ...milanExtensions, '1': integer(2) })))
add('sevsnp/bad-vek', 'a VLEK without its cloud', {
  evidence: 'vlek-report',
  endorsements: [
    (
      await issueVek(milan.asvk, Object.fromEntries(Object.entries(vlekExt).filter(([id]) => id !== '5')), {
        key,
        subject: 'SEV-VLEK',
      })
    ).der,
    ...['asvk-milan', 'crl-milan'],
  ],
  policy: vlekPolicy,
})

// The chain.
add('sevsnp/issuer-missing', 'no ASK', { endorsements: ['vcek-milan', 'crl-milan'] })
add('sevsnp/issuer-missing', 'no ASVK', {
  evidence: 'vlek-report',
  endorsements: ['vlek-milan', 'ask-milan', 'crl-milan'],
  policy: vlekPolicy,
})
const genoaByMilan = await issueCertificate({
  ...{ subject: 'SEV-Genoa', issuer: milan.ark, isCa: true, pathLength: 0, key: genoa.ask.key },
})
add('sevsnp/wrong-issuer', 'an ASK of Genoa by the ARK of Milan', {
  evidence: 'v3-genoa',
  endorsements: ['vcek-genoa', genoaByMilan.der, 'crl-milan'],
})
add('sevsnp/root-not-pinned', 'a root that is not pinned', { endorsements: [...milanBrought, stranger.ark.der] })
const nowhere = await issueCertificate({ subject: 'ARK-Nowhere', isCa: true, key: await newTestKey('rsa-pss') })
const nowhereAsk = await issueCertificate({ subject: 'SEV-Milan', issuer: nowhere, isCa: true, key: milan.ask.key })
add('sevsnp/root-not-pinned', 'an ASK by a root of another name', {
  endorsements: ['vcek-milan', nowhereAsk.der, 'crl-milan'],
})
add('x509/bad-signature', 'an ASK by another root of the same name', {
  endorsements: [(await issueVek(stranger.ask, milanExtensions, { key })).der, stranger.ask.der, 'crl-milan'],
})
add('x509/bad-signature', 'a VCEK by nobody', withVcek((await issueVek(stranger.ask, milanExtensions, { key })).der))
add('x509/name-chain', 'an ASVK of Genoa over a VLEK of Milan', {
  evidence: 'vlek-report',
  endorsements: ['vlek-milan', 'asvk-genoa', 'crl-milan'],
  policy: vlekPolicy,
})
add('x509/name-chain', 'a VCEK by the authority of VLEKs', withVcek((await issueVek(milan.asvk, milanExtensions, { key })).der))
const noCa = await issueCertificate({ subject: 'SEV-Milan', issuer: milan.ark, key: milan.ask.key })
add('x509/not-ca', 'an ASK that is no authority', { endorsements: ['vcek-milan', noCa.der, 'crl-milan'] })
add('x509/expired', 'an expired VCEK', withVcek((await issueVek(milan.ask, milanExtensions, { key, notAfter: NOW - 1 })).der))
add('x509/not-yet-valid', 'a VCEK from the future', withVcek(
  (await issueVek(milan.ask, milanExtensions, { key, notBefore: NOW + 1 })).der,
))
add('x509/expired', 'judged after everything', { now: 2_500_000_000 })

// Revocation.
add('x509/revoked', 'a revoked ASK', withCrl(await crlOf(milan.ark, { revoked: [{ serial: 0x10001 }] })))
add('x509/revoked', 'a revoked VCEK', withCrl(await crlOf(milan.ark, { revoked: [{ serial: 0 }] })))
add('x509/crl-expired', 'a list of last year', withCrl(
  await crlOf(milan.ark, { thisUpdate: NOW - 400 * DAY, nextUpdate: NOW - 370 * DAY }),
))
add('x509/crl-not-yet-valid', 'a list from the future', withCrl(await crlOf(milan.ark, { thisUpdate: NOW + 1 })))
add('x509/crl-bad-signature', 'a forged list', withCrl(await crlOf(stranger.ark)))
add('x509/crl-wrong-issuer', 'a list of another product', { endorsements: [...milanBrought, 'crl-genoa'] })
add('x509/bad-crl', 'a list without end', withCrl(await crlOf(milan.ark, { nextUpdate: null })))

// What is brought along.
const other = await issueCertificate({ subject: 'Somebody', key })
add('sevsnp/bad-endorsement', 'bytes of no known form', { endorsements: [...milanBrought, utf8('{"tcbInfo":{}}')] })
add('sevsnp/bad-endorsement', 'nothing at all as one', { endorsements: [...milanBrought, new Uint8Array()] })
add('sevsnp/bad-endorsement', 'a certificate of somebody else', { endorsements: [...milanBrought, other.der] })
add('sevsnp/bad-endorsement', 'seventeen of them', { endorsements: Array.from({ length: 17 }, () => 'vcek-milan') })
add('sevsnp/ambiguous-endorsement', 'two VCEKs', {
  endorsements: [...milanBrought, (await issueVek(milan.ask, milanExtensions, { key, serial: 9 })).der],
})
add('sevsnp/ambiguous-endorsement', 'two ASKs', { endorsements: [...milanBrought, 'ask-genoa'] })
add('sevsnp/bad-certificate-table', 'parts that overlap', { endorsements: [overlapping] })
add('sevsnp/bad-certificate-table', 'a part past the end', { endorsements: [table.slice(0, -1)] })
add('sevsnp/bad-certificate-table', 'something behind the parts', { endorsements: [concat(table, bytes(1, 1))] })
add('sevsnp/bad-certificate-table', 'no last entry', { endorsements: [table.slice(0, 24)] })
add('sevsnp/bad-certificate-table', 'an unknown GUID', {
  endorsements: [certificateTable([[guids.vcek, vcek.der], [bytes(16, 5), milan.ask.der]])],
})
add('sevsnp/bad-certificate-table', 'an ASK said to be the VCEK', {
  endorsements: [certificateTable([[guids.vcek, milan.ask.der], [guids.ask, vcek.der]])],
})
add('sevsnp/bad-certificate-table', 'a list said to be the ASK', {
  endorsements: [certificateTable([[guids.vcek, vcek.der], [guids.ask, milanCrl]])],
})
add('sevsnp/bad-certificate-table', 'more than 64 KiB', { endorsements: [concat(table, bytes(1 << 16, 0))] })

// Appraisal.
const refuse = (expect: string, name: string, policy: VectorCase['policy'], evidence: Uint8Array | string = 'v3-milan') =>
  add(`attestation/${expect}`, name, { evidence, ...(policy === undefined ? {} : { policy }) })
const least = { fmc: 0, bootloader: 4, tee: 0, snp: 24, microcode: 219 }
refuse('product-not-allowed', 'a product the policy does not name', { sevsnp: { products: ['Genoa', 'Turin'] } })
add('attestation/signing-key-not-allowed', 'a VLEK where none is wanted', {
  evidence: 'vlek-report',
  endorsements: vlekBrought,
  policy: { sevsnp: { vmpls: [1] } },
})
refuse('vmpl-not-allowed', 'asked for at privilege level 1', undefined, await milanReport(put(0x30, 1)))
refuse('guest-policy-not-allowed', 'a guest that can be debugged', undefined, await milanReport(put(0x0a, 0x0b)))
refuse('guest-policy-not-allowed', 'a guest with a migration agent', undefined, await milanReport(put(0x0a, 0x07)))
for (const part of ['bootloader', 'tee', 'snp', 'microcode'] as const)
  refuse('tcb-too-old', `a ${part} older than the policy accepts`, {
    sevsnp: { minimumTcb: { Milan: { ...least, [part]: least[part] + 1 } } },
  })
add('attestation/tcb-too-old', 'Turin, an FMC older than the policy accepts', {
  evidence: 'v5-turin',
  endorsements: ['vcek-turin', 'ask-turin', 'crl-turin'],
  policy: { sevsnp: { minimumTcb: { Turin: { fmc: 2, bootloader: 1, tee: 1, snp: 4, microcode: 81 } } } },
})
refuse(
  'tcb-too-old',
  'a committed microcode older than the reported one',
  { sevsnp: { minimumTcb: { Milan: least } } },
  await milanReport(put(0x1e7, 218)),
)
refuse('tcb-too-old', 'one byte of the packed minimum', { minimumTcb: 5 })
refuse('platform-info-not-allowed', 'SMT on', { sevsnp: { smt: false } })
refuse('platform-info-not-allowed', 'no alias check', { sevsnp: { aliasCheck: true } }, await milanReport(put(0x40, 1)))
refuse('author-key-mismatch', 'an id key that is not named', { sevsnp: { idKeys: [toHex(bytes(48, 1))] } })
refuse(
  'author-key-mismatch',
  'an author key that is not named',
  { sevsnp: { authorKeys: [toHex(bytes(48, 1))] } },
  await milanReport(put(0x48, 1), put(0x110, ...bytes(48, 2))),
)
refuse(
  'author-key-mismatch',
  'the digest of an author key without an author key',
  { sevsnp: { authorKeys: [toHex(bytes(48, 1))] } },
  await milanReport(put(0x110, ...bytes(48, 1))),
)
refuse('measurement-unknown', 'a measurement that is not named', { measurements: [toHex(bytes(48, 9))] })
refuse('machine-not-allowed', 'a machine that is not named', { machines: [toHex(bytes(32, 9))] })
refuse(
  'machine-not-allowed',
  'a masked chip id where machines are named',
  { machines: [taggedHash('allod/machine/v1', lp(utf8('sevsnp')), chip)] },
  await milanReport(put(0x1a0, ...bytes(64, 0))),
)
refuse('config-mismatch', 'host data that is not named', { configs: [toHex(bytes(32, 9))] })
refuse('kind-not-allowed', 'a policy for TDX', { kinds: ['tdx'] })
add('attestation/report-data-mismatch', 'report data for somebody else', { expected: { reportData: toHex(bytes(64, 1)) } })

const base64 = (of: Uint8Array): string => Buffer.from(of).toString('base64')
const used = new Set(['ark-milan', 'ark-genoa', 'ark-turin', ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const file = {
  kind: 'sevsnp',
  now: NOW,
  blobs: Object.fromEntries(Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, base64(of)]] : []))),
  roots: ['ark-milan', 'ark-genoa', 'ark-turin'],
  cases,
}
writeFileSync(join(import.meta.dirname, 'sevsnp.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)
