// Authorities, certificates, reports and lists of our own test roots, and where the cases made of them gather.
import { fromHex, toHex, utf8 } from '@allod/protocol'
import { issueCrl } from '../../testing/issue.ts'
import type { VectorCase } from '../../testing/runVectors.ts'
import {
  certificateTable,
  issueVek,
  newAuthorities,
  type Patch,
  put,
  signReport,
  vcekExtensions,
  vlekExtensions,
} from '../../testing/sevSnpIssuer.ts'
import { newTestKey } from '../../testing/testKey.ts'

export const NOW = 1_790_000_000
export const DAY = 86_400
export const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

export const milan = await newAuthorities('Milan')
export const genoa = await newAuthorities('Genoa')
export const turin = await newAuthorities('Turin')
export const stranger = await newAuthorities('Milan')
export const key = await newTestKey('P-384')
export const otherKey = await newTestKey('P-384')

// Bootloader, tee, snp and microcode, by their extensions; their bytes stand at 0, 1, 6 and 7, on Turin behind the FMC.
export const versions = { 1: 4, 2: 0, 3: 24, 8: 219 }
export const turinVersions = { 9: 1, 1: 1, 2: 1, 3: 4, 8: 81 }
export const tcb = [4, 0, 0, 0, 0, 0, 24, 219]
export const turinTcb = [1, 1, 1, 4, 0, 0, 0, 81]
export const chip = bytes(64, 0x3a)
export const turinChip = bytes(8, 0x7e)

export const tcbs = (of: readonly number[]): Patch[] => [0x38, 0x180, 0x1e0, 0x1f0].map((at) => put(at, ...of))
export const milanFacts = [...tcbs(tcb), put(0x1a0, ...chip)]
export const cpuid = (...of: number[]): Patch => put(0x188, ...of)
export const milanCpu = cpuid(0x19, 1, 1)
export const milanReport = (...patches: Patch[]) => signReport(3, key, [...milanFacts, milanCpu, ...patches])
export const vlekReport = (...patches: Patch[]) =>
  signReport(3, key, [...tcbs(tcb), milanCpu, put(0x48, 4), put(0x30, 1), ...patches])
export const flipped = (of: Uint8Array, at: number): Uint8Array => of.map((b, i) => (i === at ? b ^ 1 : b))

export const milanExtensions = vcekExtensions('Milan-B0', versions, chip)
export const without = (id: string) =>
  Object.fromEntries(Object.entries(milanExtensions).filter(([name]) => name !== id))
export const vcek = await issueVek(milan.ask, milanExtensions, { key })
export const vlekExt = vlekExtensions('Milan', versions, 'CN=cloud.example')
export const vlek = await issueVek(milan.asvk, vlekExt, { key })
export const milanVcek = async (extensions: Record<string, Uint8Array>) =>
  (await issueVek(milan.ask, extensions, { key })).der

export const crlOf = (issuer: typeof milan.ark, more: Partial<Parameters<typeof issueCrl>[0]> = {}) =>
  issueCrl({ issuer, thisUpdate: NOW - DAY, nextUpdate: NOW + 30 * DAY, ...more })
export const milanCrl = await crlOf(milan.ark, { revoked: [{ serial: 0x77 }] })

export const guids = {
  vcek: fromHex('0x63da758de6644564adc5f4b93be8accd'),
  vlek: fromHex('0xa8074bc2a25a483eaae639c045a0b8a1'),
  ask: fromHex('0x4ab7b379bbac4fe4a02f05aef327c782'),
  ark: fromHex('0xc0b406a4a803495297433fb6014cd0ae'),
  crl: fromHex('0x92f81bc358114d3d97ffd19f88dc67ea'),
  google: fromHex('0x9f4116cdc5034f5a8f6ffb68882f4ce2'),
}
export const table = certificateTable([
  [guids.vcek, vcek.der],
  [guids.ask, milan.ask.der],
  [guids.ark, milan.ark.der],
  [guids.crl, milanCrl],
  [guids.google, utf8('a launch endorsement')],
])
export const overlapping = table.slice()
new DataView(overlapping.buffer).setUint32(24 + 16, new DataView(table.buffer).getUint32(16, true), true)

export const blobs: Record<string, Uint8Array> = {
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
  'v5-turin': await signReport(5, key, [
    ...tcbs(turinTcb),
    put(0x1a0, ...turinChip),
    cpuid(0x1a, 2, 1),
    put(0x1f8, 63),
  ]),
  'vlek-report': await vlekReport(),
}
export const cases: VectorCase[] = []

export const milanBrought = ['vcek-milan', 'ask-milan', 'crl-milan']
export const vlekBrought = ['vlek-milan', 'asvk-milan', 'crl-milan']
export const vlekPolicy = { sevsnp: { vlek: true, vmpls: [1] } }

type Case = Omit<VectorCase, 'name' | 'expect' | 'evidence' | 'endorsements'> & {
  readonly evidence?: string | Uint8Array
  readonly endorsements?: readonly (string | Uint8Array)[]
}

// A case's own blobs get its name.
export function add(
  expect: string,
  name: string,
  { evidence = 'v3-milan', endorsements = milanBrought, ...rest }: Case = {},
) {
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

export const withVcek = (der: Uint8Array): Case => ({ endorsements: [der, 'ask-milan', 'crl-milan'] })
export const withCrl = (der: Uint8Array): Case => ({ endorsements: ['vcek-milan', 'ask-milan', der] })
