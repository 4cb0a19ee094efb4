import { concat, utf8 } from '@allod/protocol'
import { integer, octets } from '../../testing/derWriter.ts'
import { issueCertificate } from '../../testing/issue.ts'
import { certificateTable, issueVek, vcekExtensions } from '../../testing/sevSnpIssuer.ts'
import { newTestKey } from '../../testing/testKey.ts'
import {
  add,
  bytes,
  chip,
  crlOf,
  DAY,
  genoa,
  guids,
  key,
  milan,
  milanBrought,
  milanCrl,
  milanExtensions,
  milanVcek,
  NOW,
  overlapping,
  stranger,
  table,
  vcek,
  versions,
  vlekBrought,
  vlekExt,
  vlekPolicy,
  withCrl,
  without,
  withVcek,
} from './world.ts'

// The certificate that signs.
add('sevsnp/vek-missing', 'no VCEK', { endorsements: ['ask-milan', 'crl-milan'] })
add('sevsnp/vek-missing', 'nothing brought along', { endorsements: [] })
add('sevsnp/vek-mismatch', 'a VLEK for a report by a VCEK', { endorsements: vlekBrought })
add('sevsnp/vek-mismatch', 'a VCEK for a report by a VLEK', { evidence: 'vlek-report' })
for (const id of ['1', '2', '3.1', '3.2', '3.3', '3.8', '4'])
  add('sevsnp/bad-vek', `a VCEK without extension ${id}`, withVcek(await milanVcek(without(id))))
add(
  'sevsnp/bad-vek',
  'a VCEK with a cloud',
  withVcek((await issueVek(milan.ask, { ...vlekExt, ...milanExtensions }, { key, subject: 'SEV-VCEK' })).der),
)
add('sevsnp/bad-vek', 'a Milan with an FMC', withVcek(await milanVcek({ ...milanExtensions, '3.9': integer(0) })))
add(
  'sevsnp/bad-vek',
  'a reserved version that counts',
  withVcek(await milanVcek({ ...milanExtensions, '3.4': integer(1) })),
)
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
add(
  'x509/name-chain',
  'a VCEK by the authority of VLEKs',
  withVcek((await issueVek(milan.asvk, milanExtensions, { key })).der),
)
const noCa = await issueCertificate({ subject: 'SEV-Milan', issuer: milan.ark, key: milan.ask.key })
add('x509/not-ca', 'an ASK that is no authority', { endorsements: ['vcek-milan', noCa.der, 'crl-milan'] })
add(
  'x509/expired',
  'an expired VCEK',
  withVcek((await issueVek(milan.ask, milanExtensions, { key, notAfter: NOW - 1 })).der),
)
add(
  'x509/not-yet-valid',
  'a VCEK from the future',
  withVcek((await issueVek(milan.ask, milanExtensions, { key, notBefore: NOW + 1 })).der),
)
add('x509/expired', 'judged after everything', { now: 2_500_000_000 })

// Revocation.
add('x509/revoked', 'a revoked ASK', withCrl(await crlOf(milan.ark, { revoked: [{ serial: 0x10001 }] })))
add('x509/revoked', 'a revoked VCEK', withCrl(await crlOf(milan.ark, { revoked: [{ serial: 0 }] })))
add(
  'x509/crl-expired',
  'a list of last year',
  withCrl(await crlOf(milan.ark, { thisUpdate: NOW - 400 * DAY, nextUpdate: NOW - 370 * DAY })),
)
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
  endorsements: [
    certificateTable([
      [guids.vcek, vcek.der],
      [bytes(16, 5), milan.ask.der],
    ]),
  ],
})
add('sevsnp/bad-certificate-table', 'an ASK said to be the VCEK', {
  endorsements: [
    certificateTable([
      [guids.vcek, milan.ask.der],
      [guids.ask, vcek.der],
    ]),
  ],
})
add('sevsnp/bad-certificate-table', 'a list said to be the ASK', {
  endorsements: [
    certificateTable([
      [guids.vcek, vcek.der],
      [guids.ask, milanCrl],
    ]),
  ],
})
add('sevsnp/bad-certificate-table', 'more than 64 KiB', { endorsements: [concat(table, bytes(1 << 16, 0))] })
