import { existsSync, readFileSync } from 'node:fs'
import { fromHex } from '@allod/protocol'
import type { PartialPolicy } from '../../testing/runVectors.ts'

// Recordings of real machines; they are read in place and are not part of this repository.
const folder = new URL('../../../../../shared/vectors/attestation/snp/', import.meta.url)
/** Whether the recordings are beside the repository. */
export const hasRecordings = existsSync(folder)

/** One recording's bytes. @param name path below the folder of SEV-SNP recordings */
export const recorded = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)))
const at = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 1000
const SUMMER_2026 = at('2026-08-01')

/** A genuine report with endorsements at a moment, and what must come of it. */
export type Recording = {
  readonly name: string
  readonly report: () => Uint8Array
  readonly endorsements: readonly string[]
  /** Unix seconds. */
  readonly now: number
  /** The code that verification ends in; none where it holds. */
  readonly code?: string
  /** Version, product, key and reported TCB. */
  readonly says?: string
  /** What the default policy refuses beside missing revocation. */
  readonly refused?: readonly string[]
  /** Under which everything but revocation passes. */
  readonly policy?: PartialPolicy
}

type Listed = Omit<Recording, 'now'> & { readonly now?: number }

const file = (name: string) => () => recorded(name)
const microsoft = (product: string) => [`microsoft/${product}_vcek.pem`, `microsoft/${product}_ask.pem`]
const azure = () => recorded('attestation-rs-azure/hcl-report.bin').slice(0x20, 0x20 + 0x4a0)
const flipped = (offset: number) => () =>
  recorded('microsoft/genoa_attestation_report.bin').map((b, i) => (i === offset ? b ^ 1 : b))
const vlek = { report: file('attestation-rs/test-vlek-report.bin'), now: at('2025-06-01') }

const listed: readonly Listed[] = [
  {
    name: 'Milan, v3',
    report: file('microsoft/milan_attestation_report.bin'),
    endorsements: [...microsoft('milan'), 'microsoft/milan_ark.pem'],
    says: '3 Milan vcek fmc 0 bootloader 4 tee 0 snp 24 microcode 219',
  },
  {
    name: 'Genoa, v3',
    report: file('microsoft/genoa_attestation_report.bin'),
    endorsements: microsoft('genoa'),
    says: '3 Genoa vcek fmc 0 bootloader 10 tee 0 snp 23 microcode 84',
  },
  {
    name: 'Turin, v5',
    report: file('microsoft/turin_attestation_report.bin'),
    endorsements: microsoft('turin'),
    says: '5 Turin vcek fmc 1 bootloader 1 tee 1 snp 4 microcode 81',
  },
  {
    name: 'Genoa, v5, with the VCEK alone',
    report: file('attestation-rs/live-report-v5-genoa.bin'),
    endorsements: ['attestation-rs/live-vcek-genoa.der'],
    says: '5 Genoa vcek fmc 0 bootloader 10 tee 0 snp 27 microcode 27',
  },
  {
    name: 'Milan, v2, a guest that can be debugged',
    report: file('google/attestation.bin'),
    endorsements: ['google/vcek.testcer', 'google/milan.testcer'],
    says: '2 Milan vcek fmc 0 bootloader 2 tee 0 snp 5 microcode 68',
    refused: ['guest-policy', 'debug'],
  },
  {
    name: 'Milan, v2',
    report: file('attestation-rs/test-report.bin'),
    endorsements: ['attestation-rs/test-vcek.der'],
    says: '2 Milan vcek fmc 0 bootloader 3 tee 0 snp 8 microcode 115',
  },
  ...['legacy', 'new'].map((name) => ({
    name: `a forged VCEK, ${name}`,
    report: file('attestation-rs/test-report.bin'),
    endorsements: [`attestation-rs/test-vcek-invalid-${name}.der`],
    code: 'x509/bad-signature',
  })),
  {
    ...vlek,
    name: 'VLEK, v3 Milan',
    endorsements: ['attestation-rs/test-vlek.der', 'amd-roots/milan_asvk.der'],
    says: '3 Milan vlek fmc 0 bootloader 4 tee 0 snp 24 microcode 217',
    refused: ['signing-key', 'vmpl'],
    policy: { sevsnp: { vlek: true, vmpls: [1] } },
  },
  {
    ...vlek,
    name: 'VLEK, after its year',
    endorsements: ['attestation-rs/test-vlek.der', 'amd-roots/milan_asvk.der'],
    now: SUMMER_2026,
    code: 'x509/expired',
  },
  ...['genoa', 'turin'].map((product) => ({
    ...vlek,
    name: `VLEK, under the ASVK of ${product}`,
    endorsements: ['attestation-rs/test-vlek.der', `amd-roots/${product}_asvk.der`],
    code: 'x509/name-chain',
  })),
  {
    name: 'Milan, v2, from hex',
    report: () => fromHex(`0x${new TextDecoder().decode(recorded('virtee/report_milan.hex')).trim().toLowerCase()}`),
    endorsements: ['virtee/vcek_milan.der'],
    says: '2 Milan vcek fmc 0 bootloader 3 tee 0 snp 8 microcode 115',
  },
  {
    name: 'Azure, the report inside of HCL',
    report: azure,
    endorsements: ['attestation-rs-azure/vcek.pem'],
    says: '2 Milan vcek fmc 0 bootloader 3 tee 0 snp 8 microcode 115',
  },
  {
    name: 'Azure, the VCEK of another chip',
    report: azure,
    endorsements: ['attestation-rs-azure/imds-vcek.der'],
    code: 'sevsnp/chip-mismatch',
  },
  ...(
    [
      ['measurement', 0x90, 'sevsnp/signature-mismatch'],
      ['report data', 0x50, 'sevsnp/signature-mismatch'],
      ['policy', 0x08, 'sevsnp/signature-mismatch'],
      ['signature', 0x2a0, 'sevsnp/signature-mismatch'],
      // The chip is compared before the signature.
      ['chip id', 0x1a0, 'sevsnp/chip-mismatch'],
      ['padding of R', 0x2a0 + 60, 'sevsnp/signature-not-canonical'],
      ['bytes behind the signature', 0x2a0 + 150, 'sevsnp/signature-not-canonical'],
    ] as const
  ).map(([what, offset, code]) => ({
    name: `Genoa, one bit of the ${what} flipped`,
    report: flipped(offset),
    endorsements: microsoft('genoa'),
    code,
  })),
]

/** The table of the recordings' README, line by line; all certificates but the cloud's were good in summer 2026. */
export const recordings: readonly Recording[] = listed.map((one) => ({ now: SUMMER_2026, ...one }))
