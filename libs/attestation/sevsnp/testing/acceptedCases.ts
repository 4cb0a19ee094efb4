import { concat, lp, taggedHash, toHex, utf8 } from '@allod/protocol'
import { integer, octets } from '../../testing/derWriter.ts'
import { pemOf } from '../../testing/pemOf.ts'
import { certificateTable, put } from '../../testing/sevSnpIssuer.ts'
import {
  add,
  bytes,
  chip,
  crlOf,
  guids,
  milan,
  milanBrought,
  milanCrl,
  milanExtensions,
  milanReport,
  milanVcek,
  table,
  vcek,
  vlek,
  vlekBrought,
  vlekPolicy,
  withVcek,
} from './world.ts'

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
  endorsements: [
    certificateTable([
      [guids.vlek, vlek.der],
      [guids.ask, milan.asvk.der],
    ]),
    'crl-milan',
  ],
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
add(
  'accepted',
  'a chip id wrapped in an octet string',
  withVcek(await milanVcek({ ...milanExtensions, '4': octets(chip) })),
)
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
