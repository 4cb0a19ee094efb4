import { concat } from '@allod/protocol'
import { issueVek, put, signReport, vcekExtensions } from '../../testing/sevSnpIssuer.ts'
import { newTestKey } from '../../testing/testKey.ts'
import {
  add,
  blobs,
  bytes,
  chip,
  cpuid,
  flipped,
  key,
  milan,
  milanCpu,
  milanExtensions,
  milanFacts,
  milanReport,
  milanVcek,
  otherKey,
  tcbs,
  turin,
  turinChip,
  turinTcb,
  turinVersions,
  versions,
  vlekBrought,
  vlekPolicy,
  vlekReport,
  withVcek,
} from './world.ts'

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
add(
  'sevsnp/signature-mismatch',
  'a VCEK on another curve',
  withVcek((await issueVek(milan.ask, milanExtensions, { key: await newTestKey('P-256') })).der),
)

// Product, chip, versions.
add('sevsnp/unknown-product', 'a family that is not known', { evidence: await milanReport(cpuid(0x17, 1)) })
add('sevsnp/unknown-product', 'a model between Milan and Genoa', { evidence: await milanReport(cpuid(0x19, 0x20)) })
add('sevsnp/unknown-product', 'a model behind Turin', { evidence: await milanReport(cpuid(0x1a, 0x50)) })
add('sevsnp/product-mismatch', 'a report of Genoa under a VCEK of Milan', { evidence: 'v3-genoa' })
add(
  'sevsnp/product-mismatch',
  'a VCEK of Genoa by the authority of Milan',
  withVcek(await milanVcek(vcekExtensions('Genoa', versions, chip))),
)
add(
  'sevsnp/chip-mismatch',
  'a VCEK of another chip',
  withVcek(await milanVcek(vcekExtensions('Milan-B0', versions, bytes(64, 0x3b)))),
)
add('sevsnp/chip-mismatch', 'Turin, a chip id longer than its 8 bytes', {
  evidence: await signReport(5, key, [...tcbs(turinTcb), put(0x1a0, ...bytes(9, 0x7e)), cpuid(0x1a, 2, 1)]),
  endorsements: ['vcek-turin', 'ask-turin', 'crl-turin'],
})
add('sevsnp/chip-mismatch', 'a chip id under a VLEK', {
  evidence: await vlekReport(put(0x1a0, ...chip)),
  endorsements: vlekBrought,
  policy: vlekPolicy,
})
for (const [id, what] of [
  ['1', 'bootloader'],
  ['2', 'tee'],
  ['3', 'snp'],
  ['8', 'microcode'],
] as const)
  add(
    'sevsnp/tcb-mismatch',
    `a VCEK for another ${what}`,
    withVcek(await milanVcek(vcekExtensions('Milan-B0', { ...versions, [id]: 99 }, chip))),
  )
add('sevsnp/tcb-mismatch', 'Turin, a VCEK for another FMC', {
  evidence: 'v5-turin',
  endorsements: [
    (await issueVek(turin.ask, vcekExtensions('Turin', { ...turinVersions, 9: 0 }, turinChip), { key })).der,
    ...['ask-turin', 'crl-turin'],
  ],
})
