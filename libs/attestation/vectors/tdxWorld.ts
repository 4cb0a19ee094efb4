// The platform, the lists and the helpers that the TDX vectors are made of.
import { toHex } from '@allod/protocol'
import { pemOf } from '../testing/pemOf.ts'
import type { VectorCase } from '../testing/runVectors.ts'
import {
  crlAt,
  issuePck,
  newTdxAuthorities,
  type Patch,
  put,
  type QuoteFacts,
  sgxMembers,
  signDocument,
  signQuote,
} from '../testing/tdxIssuer.ts'
import { newTestKey } from '../testing/testKey.ts'

export const NOW = 1_790_000_000
export const DAY = 86_400
export const iso = (unix: number): string => new Date(unix * 1000).toISOString().replace('.000Z', 'Z')
export const filled = (length: number, value: number): number[] => new Array(length).fill(value)

const own = await newTdxAuthorities()
export const stranger = await newTdxAuthorities()
export const pckKey = await newTestKey('P-256')
const attestationKey = await newTestKey('P-256')
export const otherKey = await newTestKey('P-256')
export const { root, ca, signer } = own

// The platform: every component at 3, PCE 13, module 1.5 at isvsvn 6 with microcode 3.
export const platform = {
  ppid: Uint8Array.from(filled(16, 0xa1)),
  components: filled(16, 3),
  pcesvn: 13,
  pceid: new Uint8Array(2),
  fmspc: Uint8Array.from([0xaa, 0xbb, 0xcc, 0, 0, 0]),
}
export const members = sgxMembers(platform)
export const pck = await issuePck(ca, pckKey, members)
export const chain = [pck, ca, root]

const SEPT_VE_DISABLE = put(123, 0x10)
const XFAM = put(128, 0xe7, 0x02, 0x06)
export const teeTcbSvn = (isvsvn: number, major: number, microcode = 3): Patch => put(0, isvsvn, major, microcode)
export const running = (isvsvn: number, major: number, microcode = 3): Patch => put(584, isvsvn, major, microcode)
const usual: readonly Patch[] = [teeTcbSvn(6, 1), SEPT_VE_DISABLE, XFAM, put(136, ...filled(48, 0x4d)), put(520, 0x68)]

export const quote = (...body: readonly Patch[]) => quoteOf({}, ...body)
export const quoteOf = (facts: Partial<QuoteFacts>, ...body: readonly Patch[]) =>
  signQuote({ version: 4, chain, pckKey, attestationKey, body: [...usual, ...body], ...facts })
export const quote5 = (...body: readonly Patch[]) => quoteOf({ version: 5 }, running(6, 1), ...body)
export const withPck = async (changed: readonly Uint8Array[] | null, facts: Parameters<typeof issuePck>[3] = {}) =>
  await quoteOf({ chain: [await issuePck(ca, pckKey, changed, facts), ca, root] })

export type Json = { readonly [name: string]: unknown }
export const components = (svn: number, first: Json = {}): readonly Json[] =>
  filled(16, svn).map((value, i) => (i === 0 ? { svn: value, category: 'BIOS', ...first } : { svn: value }))
export const tdxComponents = (...svns: readonly number[]): readonly Json[] =>
  filled(16, 0).map((zero, i) => ({ svn: svns[i] ?? zero }))
export const level = (
  svn: number,
  pcesvn: number,
  tdx: readonly number[],
  status: string,
  ...advisoryIDs: string[]
): Json => ({
  tcb: { sgxtcbcomponents: components(svn), pcesvn, tdxtcbcomponents: tdxComponents(...tdx) },
  tcbDate: '2026-02-01T00:00:00Z',
  tcbStatus: status,
  ...(advisoryIDs.length > 0 ? { advisoryIDs } : {}),
})
export const svnLevel = (isvsvn: number, tcbStatus: string, ...advisoryIDs: string[]): Json => ({
  tcb: { isvsvn },
  tcbDate: '2026-02-01T00:00:00Z',
  tcbStatus,
  ...(advisoryIDs.length > 0 ? { advisoryIDs } : {}),
})
const moduleIdentity: Json = {
  mrsigner: '00'.repeat(48),
  attributes: '00'.repeat(8),
  attributesMask: 'FF'.repeat(8),
}
export const identityOf = (id: string, ...tcbLevels: readonly Json[]): Json => ({ id, ...moduleIdentity, tcbLevels })

const window = { issueDate: iso(NOW - DAY), nextUpdate: iso(NOW + 29 * DAY) }
const tcbInfoBody: Json = {
  id: 'TDX',
  version: 3,
  ...window,
  fmspc: 'AABBCC000000',
  pceId: '0000',
  tcbType: 0,
  tcbEvaluationDataNumber: 20,
  tdxModule: moduleIdentity,
  tdxModuleIdentities: [
    identityOf('TDX_03', svnLevel(3, 'UpToDate')),
    identityOf('TDX_01', svnLevel(6, 'UpToDate'), svnLevel(4, 'OutOfDate', 'INTEL-SA-00003'), svnLevel(2, 'Revoked')),
  ],
  tcbLevels: [
    level(3, 13, [5, 0, 3], 'UpToDate'),
    level(2, 13, [5, 0, 3], 'SWHardeningNeeded', 'INTEL-SA-00001'),
    level(2, 11, [5, 0, 2], 'OutOfDate', 'INTEL-SA-00002'),
    level(1, 5, [3, 0, 1], 'Revoked'),
  ],
}
const qeIdentityBody: Json = {
  id: 'TD_QE',
  version: 2,
  ...window,
  tcbEvaluationDataNumber: 19,
  miscselect: '00000000',
  miscselectMask: 'FFFFFFFF',
  attributes: '11000000000000000000000000000000',
  attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
  mrsigner: 'DC'.repeat(32),
  isvprodid: 2,
  tcbLevels: [svnLevel(4, 'UpToDate'), svnLevel(2, 'OutOfDate', 'INTEL-SA-00004'), svnLevel(1, 'Revoked')],
}
export const tcbInfo = (changes: Json = {}, key = signer.key) =>
  signDocument('tcbInfo', { ...tcbInfoBody, ...changes }, key)
export const qeIdentity = (changes: Json = {}, key = signer.key) =>
  signDocument('enclaveIdentity', { ...qeIdentityBody, ...changes }, key)

export const blobs: Record<string, Uint8Array> = {
  root: root.der,
  'other-root': stranger.root.der,
  v4: await quote(),
  v5: await quote5(),
  'tcb-info': await tcbInfo(),
  'qe-identity': await qeIdentity(),
  'tcb-chain': pemOf('CERTIFICATE', signer.der, root.der),
  'pck-crl': await crlAt(ca, NOW, { revoked: [{ serial: 0x7777 }] }),
  'root-crl': await crlAt(root, NOW),
}
export const cases: VectorCase[] = []
export const brought = ['tcb-info', 'qe-identity', 'tcb-chain', 'pck-crl', 'root-crl'] as const
type Brought = (typeof brought)[number]

export type Case = Omit<VectorCase, 'name' | 'expect' | 'evidence' | 'endorsements'> & {
  readonly evidence?: string | Uint8Array
  /** Instead of the usual ones; null leaves one out. */
  readonly instead?: { readonly [name in Brought]?: string | Uint8Array | null }
  readonly more?: readonly (string | Uint8Array)[]
}

// A case's own blobs get its name.
export function add(expect: string, name: string, { evidence = 'v4', instead = {}, more = [], ...rest }: Case = {}) {
  const named = (blob: string | Uint8Array, suffix: string): string => {
    if (typeof blob === 'string') return blob
    const same = Object.keys(blobs).find((known) => toHex(blobs[known] as Uint8Array) === toHex(blob))
    if (same !== undefined) return same
    blobs[`${name}, ${suffix}`] = blob
    return `${name}, ${suffix}`
  }
  const endorsements = brought.flatMap((sort) => {
    const blob = instead[sort] === undefined ? sort : instead[sort]
    return blob === null ? [] : [named(blob, sort)]
  })
  cases.push({
    name,
    evidence: named(evidence, 'evidence'),
    endorsements: [...endorsements, ...more.map((blob, i) => named(blob, `more ${i}`))],
    ...rest,
    expect,
  })
}
export const withInfo = async (changes: Json): Promise<Case> => ({ instead: { 'tcb-info': await tcbInfo(changes) } })
export const withIdentity = async (changes: Json): Promise<Case> => ({
  instead: { 'qe-identity': await qeIdentity(changes) },
})
export const statuses = (...of: readonly string[]) => ({ tdx: { statuses: of } })
