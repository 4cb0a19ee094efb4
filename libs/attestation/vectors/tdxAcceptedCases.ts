import { concat, sha256, sha384, toHex, utf8 } from '@allod/protocol'
import { issueCertificate } from '../testing/issue.ts'
import { pemOf } from '../testing/pemOf.ts'
import { le, put } from '../testing/tdxIssuer.ts'
import { newTestKey } from '../testing/testKey.ts'
import {
  add,
  blobs,
  brought,
  ca,
  chain,
  DAY,
  filled,
  type Json,
  NOW,
  platform,
  qeIdentity,
  quote,
  quote5,
  quoteOf,
  root,
  tcbInfo,
  teeTcbSvn,
  withInfo,
} from './tdxWorld.ts'

// What is accepted.
add('accepted', 'v4')
add('accepted', 'v4 with zeros after it', { evidence: concat(blobs.v4 as Uint8Array, new Uint8Array(70)) })
add('accepted', 'v5, TD 1.5', { evidence: 'v5' })
add('accepted', 'v5, TD 1.0', { evidence: await quoteOf({ version: 5, is15: false }) })
add('accepted', 'authentication data of no bytes', { evidence: await quoteOf({ auth: new Uint8Array() }) })
add('accepted', 'a chain without the closing NUL', {
  evidence: await quoteOf({ pem: pemOf('CERTIFICATE', ...chain.map((c) => c.der)) }),
})
add('accepted', 'a module before 1.5', { evidence: await quote(teeTcbSvn(5, 0)) })
add('accepted', 'PKS besides', { evidence: await quote(put(123, 0x50)) })
add('accepted', 'everything twice, and chains as Intel sends them', {
  more: [...brought, pemOf('CERTIFICATE', ca.der, root.der), root.der],
})
add('accepted', 'lists of another family too', { more: [await tcbInfo({ fmspc: 'DDDDDD000000' })] })
add(
  'accepted',
  'a signer of its own for the QE identity',
  await (async () => {
    const second = await issueCertificate({
      ...{ subject: 'Intel SGX TCB Signing', serial: 9, issuer: root },
      key: await newTestKey('P-256'),
    })
    return { instead: { 'qe-identity': await qeIdentity({}, second.key) }, more: [second.der] }
  })(),
)
add(
  'accepted',
  'a member that this version of the list does not know',
  await withInfo({ somethingNew: { is: ['here'] } }),
)
add('accepted', 'the first second', { now: NOW - DAY })
add('accepted', 'the last second', { now: NOW + 29 * DAY })
add('accepted', 'out of date, where the policy names that', {
  evidence: await quote(teeTcbSvn(5, 1)),
  policy: { tdx: { statuses: ['UpToDate', 'OutOfDate'], advisories: ['INTEL-SA-00003'] } },
})
add('accepted', 'a service TD, where the policy allows it', {
  evidence: await quote5(put(600, 1)),
  policy: { tdx: { serviceTd: 'allowed' } },
})
add('accepted', 'SEPT_VE_DISABLE off, where the policy does not want it', {
  evidence: await quote(put(123, 0)),
  policy: { tdx: { required: [] } },
})
add('accepted', 'registers, machine, measurement and configuration that the policy names', {
  evidence: await quote(put(184, ...filled(32, 0xc0))),
  policy: {
    minimumTcb: 19,
    configs: [toHex(Uint8Array.from(filled(32, 0xc0)))],
    machines: [toHex(sha256(utf8('allod/machine/v1'), Uint8Array.of(0, 0, 0, 3), utf8('tdx'), platform.ppid))],
    measurements: [
      toHex(sha384(utf8('allod/tdx-measurement/v1'), Uint8Array.from([...filled(48, 0x4d), ...filled(144, 0)]))),
    ],
    tdx: { registers: { mrtd: [toHex(Uint8Array.from(filled(48, 0x4d)))], rtmr3: [toHex(new Uint8Array(48))] } },
  },
  expected: { reportData: toHex(Uint8Array.from([0x68, ...filled(63, 0)])) },
})

// Event logs.
const digest = Uint8Array.from(filled(48, 0xe1))
const extended = (...digests: readonly Uint8Array[]): Uint8Array =>
  digests.reduce((value, d) => sha384(value, d), new Uint8Array(48))
const ccel = (...events: readonly (readonly [register: number, type: number])[]): Uint8Array =>
  concat(
    concat(le(1, 4), le(3, 4), new Uint8Array(20), le(33, 4), utf8('Spec ID Event03\0')),
    concat(le(0, 4), Uint8Array.of(0, 2, 0, 2), le(1, 4), le(12, 2), le(48, 2), Uint8Array.of(0)),
    ...events.map(([register, type]) =>
      concat(le(register, 4), le(type, 4), le(1, 4), le(12, 2), digest, le(4, 4), utf8('data')),
    ),
    Uint8Array.from(filled(64, 0xff)),
  )
const RUNTIME = 0x08000001
const runtimeDigest = sha384(le(RUNTIME, 4), utf8(':app-id:'), Uint8Array.of(0xab))
const runtime = (changes: Json = {}): Uint8Array =>
  utf8(JSON.stringify([{ imr: 3, event_type: RUNTIME, digest: '', event: 'app-id', event_payload: 'ab', ...changes }]))
const measuredQuote = await quote(put(328, ...extended(digest)), put(472, ...extended(runtimeDigest)))
const log = ccel([1, 4], [1, 3])
add('accepted', 'logs of firmware and guest', { evidence: measuredQuote, more: [log, runtime()] })
add('accepted', 'a log that states the guest’s digest', {
  evidence: measuredQuote,
  more: [log, runtime({ digest: toHex(runtimeDigest).slice(2) })],
})
add('accepted', 'a log without the guest’s part', { evidence: measuredQuote, more: [log] })
add('attestation/event-log-mismatch', 'a log with one event more', {
  evidence: measuredQuote,
  more: [ccel([1, 4], [1, 4]), runtime()],
})
add('attestation/event-log-mismatch', 'a log of another guest', {
  evidence: measuredQuote,
  more: [log, runtime({ event_payload: 'ac' })],
})
add('tdx/conflicting-endorsements', 'two logs of one register', { evidence: measuredQuote, more: [log, ccel([1, 5])] })
add('tdx/bad-event-log', 'a digest that is not of its words', { more: [runtime({ digest: '00'.repeat(48) })] })
add('tdx/bad-event-log', 'an event without digest', { more: [runtime({ event_type: 4 })] })
add('tdx/bad-event-log', 'register 4', { more: [runtime({ imr: 4 })] })
add('tdx/bad-event-log', 'firmware’s register 0', { more: [ccel([0, 4])] })
add('tdx/bad-event-log', 'a firmware log cut in an event', { more: [log.slice(0, 100)] })
add('tdx/bad-event-log', 'bytes in the unused part', { more: [concat(log, Uint8Array.of(0))] })
