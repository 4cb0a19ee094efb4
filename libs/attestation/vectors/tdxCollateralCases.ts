import { utf8 } from '@allod/protocol'
import { issueCertificate } from '../testing/issue.ts'
import { crlAt } from '../testing/tdxIssuer.ts'
import {
  add,
  blobs,
  brought,
  ca,
  components,
  identityOf,
  iso,
  type Json,
  level,
  NOW,
  otherKey,
  pck,
  pckKey,
  qeIdentity,
  root,
  signer,
  stranger,
  svnLevel,
  tcbInfo,
  tdxComponents,
  withIdentity,
  withInfo,
} from './tdxWorld.ts'

// What is brought along.
for (const sort of brought) add('tdx/missing-endorsement', `no ${sort}`, { instead: { [sort]: null } })
add('tdx/bad-endorsement', 'garbage', { more: [Uint8Array.of(0xde, 0xad, 0xbe, 0xef)] })
add('tdx/bad-endorsement', 'an empty file', { more: [new Uint8Array()] })
add('tdx/bad-endorsement', 'JSON of another sort', { more: [utf8('{"tcbEvaluationDataNumbers":{},"signature":""}')] })
add('tdx/bad-endorsement', 'a document with a third member', {
  instead: { 'tcb-info': utf8(new TextDecoder().decode(blobs['tcb-info']).replace('{"tcb', '{"more":1,"tcb')) },
})
add('tdx/bad-endorsement', 'both documents in one file', {
  more: [utf8(`{"tcbInfo":{},"enclaveIdentity":{},"signature":"${'00'.repeat(64)}"}`)],
})
add('tdx/bad-endorsement', 'a signature inside a list', {
  instead: {
    'tcb-info': utf8(new TextDecoder().decode(blobs['tcb-info']).replace(/"(\w{128})"}$/, '["$1"]}')),
  },
})
add('tdx/bad-endorsement', 'a signature a byte short', {
  instead: { 'tcb-info': utf8(new TextDecoder().decode(blobs['tcb-info']).replace(/..\"}$/, '"}')) },
})
add('tdx/bad-endorsement', 'a list of an authority that is not in the chain', {
  more: [await crlAt({ subject: pck.subject, key: pckKey } as typeof ca, NOW)],
})
add('tdx/bad-endorsement', 'a certificate of a platform', { more: [pck.der] })
add('x509/root-untrusted', 'another root in a chain', { more: [stranger.root.der] })
add('tdx/conflicting-endorsements', 'two TCB infos of one family', {
  more: [await tcbInfo({ tcbEvaluationDataNumber: 18 })],
})
add('tdx/conflicting-endorsements', 'two QE identities', { more: [await qeIdentity({ tcbEvaluationDataNumber: 18 })] })
add('tdx/conflicting-endorsements', 'two lists of one authority', { more: [await crlAt(ca, NOW - 3600)] })

// JSON.
const json = (name: string, text: string) => add('tdx/bad-json', name, { instead: { 'tcb-info': utf8(text) } })
json('a key twice', '{"tcbInfo":{},"tcbInfo":{},"signature":""}')
json('an exponent', '{"tcbInfo":1e3,"signature":""}')
json('a number past 2^53', '{"tcbInfo":9007199254740993,"signature":""}')
json('text after the end', '{"tcbInfo":{},"signature":""} {}')
json('a control character', '{"tcbInfo":"\u0001","signature":""}')
json('an escape that is none', '{"tcbInfo":"\\x","signature":""}')
json('half of a pair', '{"tcbInfo":"\\ud800","signature":""}')
json('levels without end', `{"tcbInfo":${'['.repeat(40)}`)
json('a text without end', '{"tcbInfo":"')
json('nothing where a value should be', '{"tcbInfo":,"signature":""}')
const info = async (name: string, changes: Json) => add('tdx/bad-tcb-info', name, await withInfo(changes))
await info('a fraction', { tcbEvaluationDataNumber: 20.5 })
await info('TCB info for SGX', { id: 'SGX' })
await info('TCB info version 2', { version: 2 })
await info('TCB info of another type', { tcbType: 1 })
await info('an FMSPC of five bytes', { fmspc: 'AABBCC0000' })
await info('a day that does not exist', { nextUpdate: '2026-02-30T00:00:00Z' })
await info('a status nobody knows', { tcbLevels: [level(3, 13, [5, 0, 3], 'Fine')] })
await info('fifteen components', {
  tcbLevels: [
    {
      ...level(3, 13, [], 'UpToDate'),
      tcb: { sgxtcbcomponents: components(3).slice(1), pcesvn: 13, tdxtcbcomponents: tdxComponents() },
    },
  ],
})
await info('a level with a component of 256', { tcbLevels: [level(256, 13, [], 'UpToDate')] })
await info('a list that is none', { tcbLevels: {} })
await info('an advisory that is no id', { tcbLevels: [level(3, 13, [], 'UpToDate', 'see website')] })
await info('a module’s status that modules do not have', {
  tdxModuleIdentities: [identityOf('TDX_01', svnLevel(6, 'ConfigurationNeeded'))],
})
await info('a hundred levels', { tcbLevels: Array(100).fill({}) })
const identity = async (name: string, changes: Json) => add('tdx/bad-qe-identity', name, await withIdentity(changes))
await identity('the identity of the enclave for SGX', { id: 'QE' })
await identity('QE identity version 1', { version: 1 })
await identity('attributes of three bytes', { attributes: '110000' })
await identity('an enclave without levels', { tcbLevels: null })

// Signatures and dates of the documents.
const other = { key: otherKey }
add('tdx/collateral-signature-invalid', 'TCB info by another key', {
  instead: { 'tcb-info': await tcbInfo({}, other.key) },
})
add('tdx/collateral-signature-invalid', 'QE identity by another key', {
  instead: { 'qe-identity': await qeIdentity({}, other.key) },
})
add('tdx/collateral-signature-invalid', 'TCB info by the platform’s own key', {
  instead: { 'tcb-info': await tcbInfo({}, pckKey) },
})
add('tdx/collateral-signature-invalid', 'TCB info changed after it was signed', {
  instead: {
    'tcb-info': utf8(
      new TextDecoder()
        .decode(blobs['tcb-info'])
        .replace('"tcbEvaluationDataNumber":20', '"tcbEvaluationDataNumber":21'),
    ),
  },
})
add('tdx/bad-json', 'a space more in TCB info', {
  instead: { 'tcb-info': utf8(new TextDecoder().decode(blobs['tcb-info']).replace('"version":3', '"version": 3')) },
})
add('x509/bad-signature', 'a signer that the root did not sign', {
  instead: {
    'tcb-chain': (
      await issueCertificate({ subject: 'Intel SGX TCB Signing', issuer: { ...root, key: otherKey }, key: signer.key })
    ).der,
  },
})
add('x509/root-untrusted', 'a signer under the platforms’ authority', {
  instead: {
    'tcb-chain': (await issueCertificate({ subject: 'Intel SGX TCB Signing', issuer: ca, key: signer.key })).der,
  },
})
add('tdx/collateral-expired', 'TCB info past its next update', await withInfo({ nextUpdate: iso(NOW - 1) }))
add('tdx/collateral-expired', 'QE identity past its next update', await withIdentity({ nextUpdate: iso(NOW - 1) }))
add('tdx/collateral-not-yet-valid', 'TCB info of tomorrow', await withInfo({ issueDate: iso(NOW + 1) }))
add('tdx/collateral-not-yet-valid', 'QE identity of tomorrow', await withIdentity({ issueDate: iso(NOW + 1) }))
