import { existsSync, readFileSync } from 'node:fs'
import { fromHex, toHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { refusedChecks } from '../appraisal.ts'
import { appraise } from '../appraise.ts'
import { outcomeOf, type PartialPolicy, policyOf } from '../testing/runVectors.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { parsePem } from '../x509/pem.ts'
import type { SevSnpClaims } from './claims.ts'
import { describeSevSnp } from './describeSevSnp.ts'
import { tcbWords } from './tcb.ts'
import { vekClaims } from './vek.ts'
import { sevSnpVerifier } from './verifySevSnp.ts'

// Recordings of real machines; they are read in place and are not part of this repository.
const folder = new URL('../../../../shared/vectors/attestation/snp/', import.meta.url)
const isPresent = existsSync(folder)
if (!isPresent) console.log('skipped: genuine SEV-SNP evidence is not at ../shared/vectors/attestation/snp')

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)))
const at = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 1000
const SUMMER_2026 = at('2026-08-01')
const verifier = sevSnpVerifier()

type Genuine = {
  readonly name: string
  readonly report: () => Uint8Array
  readonly endorsements: readonly string[]
  readonly now?: number
  /** The code that verification ends in; none where it holds. */
  readonly code?: string
  /** Version, product, key and reported TCB. */
  readonly says?: string
  /** What the default policy refuses beside missing revocation. */
  readonly refused?: readonly string[]
  /** Under which everything but revocation passes. */
  readonly policy?: PartialPolicy
}

const file = (name: string) => () => read(name)
const microsoft = (product: string) => [`microsoft/${product}_vcek.pem`, `microsoft/${product}_ask.pem`]
const azure = () => read('attestation-rs-azure/hcl-report.bin').slice(0x20, 0x20 + 0x4a0)
const flipped = (offset: number) => () =>
  read('microsoft/genoa_attestation_report.bin').map((b, i) => (i === offset ? b ^ 1 : b))
const vlek = { report: file('attestation-rs/test-vlek-report.bin'), now: at('2025-06-01') }

const genuine: readonly Genuine[] = [
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
    report: () => fromHex(`0x${new TextDecoder().decode(read('virtee/report_milan.hex')).trim().toLowerCase()}`),
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

test('all recordings are listed', () => {
  expect(genuine.length).toBe(22)
})

describe.skipIf(!isPresent)('genuine evidence', () => {
  test.each(genuine)('$name', async ({ report, endorsements, now = SUMMER_2026, code, says, refused = [], policy }) => {
    const verify = async () => await verifier.verify(report(), endorsements.map(read), { now })
    expect(await outcomeOf(verify)).toBe(code ?? 'accepted')
    if (code !== undefined) return
    const cpu = await verify()
    const { version, product, signingKey, reportedTcb } = cpu.claims as SevSnpClaims
    expect(`${version} ${product} ${signingKey} ${tcbWords(reportedTcb)}`).toBe(says)
    const refusedUnder = (partial: PartialPolicy) =>
      refusedChecks(
        appraise({ verified: { cpu, devices: [] }, expected: { reportData: null, nonce: null } }, policyOf(partial)),
      ).map((c) => c.name)
    // Nobody recorded AMD's revocation lists, so the default policy refuses what else is good.
    expect(refusedUnder({}).sort()).toEqual(['revocation', ...refused].sort())
    const excepted = refusedUnder({ ...policy, exceptions: ['revocation-unknown'] })
    expect(excepted).toEqual(policy === undefined ? refused : [])
    expect(describeSevSnp(report()).find((f) => f.name === 'MEASUREMENT')?.value).toBe(cpu.measurement)
  })

  test('PEM by Microsoft and DER by AMD are the same authorities', () => {
    for (const product of ['milan', 'genoa', 'turin'])
      for (const of of ['ask', 'ark'])
        expect(parsePem(read(`microsoft/${product}_${of}.pem`), 'CERTIFICATE', 1).map(toHex)).toEqual([
          toHex(read(`amd-roots/${product}_${of}.der`)),
        ])
  })

  test('a VCEK of Turin that no report came with', () => {
    const { product, tcb, hwId } = vekClaims(parseCertificate(read('virtee/vcek_turin.der')), 'vcek')
    expect(`${product} ${tcbWords(tcb)} ${toHex(hwId ?? new Uint8Array())}`).toBe(
      'Turin fmc 0 bootloader 0 tee 0 snp 0 microcode 9 0x1e550a8ee5cf9f4d',
    )
  })
})
