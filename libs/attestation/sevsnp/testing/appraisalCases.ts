import { lp, taggedHash, toHex, utf8 } from '@allod/protocol'
import type { VectorCase } from '../../testing/runVectors.ts'
import { put } from '../../testing/sevSnpIssuer.ts'
import { add, bytes, chip, milanReport, vlekBrought } from './world.ts'

// Appraisal.
const refuse = (
  expect: string,
  name: string,
  policy: VectorCase['policy'],
  evidence: Uint8Array | string = 'v3-milan',
) => add(`attestation/${expect}`, name, { evidence, ...(policy === undefined ? {} : { policy }) })
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
add('attestation/report-data-mismatch', 'report data for somebody else', {
  expected: { reportData: toHex(bytes(64, 1)) },
})
