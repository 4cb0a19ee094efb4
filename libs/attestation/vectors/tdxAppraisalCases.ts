import { toHex } from '@allod/protocol'
import { type Patch, put, sgxMembers } from '../testing/tdxIssuer.ts'
import {
  add,
  type Case,
  filled,
  level,
  platform,
  quote,
  quote5,
  quoteOf,
  running,
  statuses,
  teeTcbSvn,
  withInfo,
  withPck,
} from './tdxWorld.ts'

// The platform against the lists.
add('tdx/tcb-info-mismatch', 'TCB info of another family', await withInfo({ fmspc: 'AABBCD000000' }))
add('tdx/tcb-info-mismatch', 'TCB info of another PCE', await withInfo({ pceId: '0001' }))
const qe = async (name: string, ...qeReport: readonly Patch[]) =>
  add('tdx/qe-identity-mismatch', name, { evidence: await quoteOf({ qeReport }) })
await qe('a quoting enclave by another signer', put(128, 0))
await qe('a quoting enclave of another product', put(256, 1))
await qe('a quoting enclave under debug', put(48, 0x13))
await qe('a quoting enclave with other features', put(16, 1))
add('tdx/no-tcb-level', 'a quoting enclave below every level', { evidence: await quoteOf({ qeReport: [put(258, 0)] }) })
const belowAll = async (name: string, facts: Parameters<typeof sgxMembers>[0]) =>
  add('tdx/no-tcb-level', name, { evidence: await withPck(sgxMembers(facts)) })
await belowAll('a component below every level', { ...platform, components: [...filled(15, 3), 0] })
await belowAll('a PCE below every level', { ...platform, pcesvn: 4 })
add('tdx/no-tcb-level', 'microcode below every level', { evidence: await quote(teeTcbSvn(6, 1, 0)) })
add('tdx/no-tcb-level', 'a module before 1.5 below every level', { evidence: await quote(teeTcbSvn(2, 0)) })
add('tdx/no-tcb-level', 'a module of 1.5 below every level', { evidence: await quote(teeTcbSvn(1, 1)) })
add('tdx/no-tcb-level', 'a list without levels', await withInfo({ tcbLevels: [] }))
add('tdx/no-tcb-level', 'what runs now is below every level', { evidence: await quote5(running(1, 1)) })
add('tdx/module-mismatch', 'a module that the list does not know', { evidence: await quote(teeTcbSvn(6, 2)) })
add('tdx/module-mismatch', 'what runs now is unknown', { evidence: await quote5(running(6, 2)) })
add('tdx/module-mismatch', 'a module by another signer', { evidence: await quote(put(64, 1)) })
add('tdx/module-mismatch', 'a module before 1.5 by another signer', {
  evidence: await quote(teeTcbSvn(5, 0), put(64, 1)),
})
add('tdx/module-mismatch', 'a module that is not for production', { evidence: await quote(put(112, 1)) })
add('tdx/module-mismatch', 'no identities for a module of 1.5', await withInfo({ tdxModuleIdentities: [] }))

// Appraisal.
const refuse = (expect: string, name: string, rest: Case) => add(`attestation/${expect}`, name, rest)
const platformAt = async (svn: number, pcesvn: number) =>
  await withPck(sgxMembers({ ...platform, components: filled(16, svn), pcesvn }))
refuse('tcb-status-not-allowed', 'a platform that needs hardening', { evidence: await platformAt(2, 13) })
refuse('tcb-status-not-allowed', 'a platform out of date', { evidence: await platformAt(2, 12) })
refuse('tcb-status-not-allowed', 'a revoked platform', {
  evidence: await platformAt(1, 5),
  policy: statuses('UpToDate', 'OutOfDate', 'SWHardeningNeeded'),
})
refuse('tcb-status-not-allowed', 'a quoting enclave out of date', {
  evidence: await quoteOf({ qeReport: [put(258, 3)] }),
})
refuse('tcb-status-not-allowed', 'a module out of date', { evidence: await quote(teeTcbSvn(5, 1)) })
refuse('tcb-status-not-allowed', 'a revoked module', { evidence: await quote(teeTcbSvn(3, 1)) })
refuse('tcb-status-not-allowed', 'a module out of date though a newer one runs', {
  evidence: await quoteOf({ version: 5 }, teeTcbSvn(5, 1), running(6, 1)),
})
refuse('tcb-status-not-allowed', 'what runs now is out of date', { evidence: await quote5(running(5, 1)) })
refuse('tcb-status-not-allowed', 'two statuses that add up to a third', {
  evidence: await quote(teeTcbSvn(5, 1)),
  ...(await withInfo({ tcbLevels: [level(3, 13, [5, 0, 3], 'ConfigurationNeeded')] })),
  policy: statuses('UpToDate', 'OutOfDate', 'ConfigurationNeeded'),
})
refuse('advisory-not-allowed', 'an advisory that is not named', {
  evidence: await quote(teeTcbSvn(5, 1)),
  policy: { tdx: { statuses: ['UpToDate', 'OutOfDate'], advisories: ['INTEL-SA-00001'] } },
})
refuse('debug-enabled', 'a domain under debug', { evidence: await quote(put(120, 1)) })
refuse('debug-enabled', 'another bit of the debug group', { evidence: await quote(put(120, 0x80)) })
refuse('td-attributes-not-allowed', 'SEPT_VE_DISABLE off', { evidence: await quote(put(123, 0)) })
refuse('td-attributes-not-allowed', 'PERFMON on', { evidence: await quote(put(127, 0x80)) })
refuse('td-attributes-not-allowed', 'a migratable domain', { evidence: await quote(put(123, 0x30)) })
refuse('td-attributes-not-allowed', 'a reserved attribute', { evidence: await quote(put(121, 1)) })
refuse('xfam-not-allowed', 'without SSE', { evidence: await quote(put(128, 0xe5)) })
refuse('xfam-not-allowed', 'a feature that no domain may have', { evidence: await quote(put(131, 1)) })
refuse('service-td-bound', 'a service TD', { evidence: await quote5(put(647, 1)) })
for (const [name, at] of [
  ['mrtd', 136],
  ['rtmr0', 328],
  ['rtmr1', 376],
  ['rtmr2', 424],
  ['rtmr3', 472],
  ['mrconfigid', 184],
  ['mrowner', 232],
  ['mrownerconfig', 280],
] as const)
  refuse('register-mismatch', `another ${name}`, {
    evidence: await quote(put(at, 0x99)),
    policy: { tdx: { registers: { [name]: [toHex(new Uint8Array(48))] } } },
  })
refuse('tcb-too-old', 'lists older than the policy’s floor', { policy: { minimumTcb: 20 } })
refuse('config-mismatch', 'another configuration', { policy: { configs: [toHex(Uint8Array.from(filled(32, 1)))] } })
refuse('config-mismatch', 'a configuration of 48 bytes', {
  evidence: await quote(put(184, ...filled(48, 0xc0))),
  policy: { configs: [toHex(Uint8Array.from(filled(32, 0xc0)))] },
})
refuse('measurement-unknown', 'another measurement', {
  policy: { measurements: [toHex(Uint8Array.from(filled(48, 1)))] },
})
refuse('machine-not-allowed', 'another machine', { policy: { machines: [toHex(Uint8Array.from(filled(32, 1)))] } })
refuse('kind-not-allowed', 'a policy for SEV-SNP', { policy: { kinds: ['sevsnp'] } })
refuse('report-data-mismatch', 'report data for somebody else', {
  expected: { reportData: toHex(Uint8Array.from(filled(64, 1))) },
})
