import { fromHex, utf8 } from '@allod/protocol'
import { collateral2026, phalaCollateral, recorded, recordedJson } from './recorded.ts'

/** A genuine quote with endorsements at a moment, and what must come of it. */
export type Recording = {
  readonly name: string
  readonly quote: () => Uint8Array
  readonly endorsements: () => readonly Uint8Array[]
  readonly now: string
  /** What verification says: a status with advisories, or the code of its error. */
  readonly verdict: string
  /** What the strict policy refuses, check by check; empty where it accepts. */
  readonly refused?: readonly string[]
}

const file = (name: string) => () => recorded(name)
const files =
  (...names: readonly string[]) =>
  () =>
    names.map(recorded)
/** Phala's quote’s own collateral. */
export const phala = () => Object.values(phalaCollateral('phala-tdx_quote_collateral.json'))
const without = (part: string) => () =>
  Object.entries(phalaCollateral('phala-tdx_quote_collateral.json'))
    .filter(([name]) => name !== part)
    .map(([, bytes]) => bytes)
const instead = (part: string, change: (bytes: Uint8Array) => Uint8Array) => () =>
  Object.entries(phalaCollateral('phala-tdx_quote_collateral.json')).map(([name, bytes]) =>
    name === part ? change(bytes) : bytes,
  )
const flipped = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.map((b, i) => (i === (index + bytes.length) % bytes.length ? b ^ 1 : b))
const dstack = (name: string) => () => fromHex(`0x${recordedJson(`dstack/${name}.json`).quote}`)
const dstackLog = (name: string) => () => [
  ...collateral2026(),
  utf8(recordedJson(`dstack/${name}.json`).event_log as string),
]
// Lists of other months, completed by the root's list and the signing chain, which hold for years.
const completed =
  (...names: readonly string[]) =>
  () => {
    const { rootCrl, tcbChain, pckCrl } = phalaCollateral('phala-tdx_quote_collateral.json') as Record<
      string,
      Uint8Array
    >
    const isJune = names.some((name) => name.includes('0625'))
    return [rootCrl, tcbChain, ...(isJune ? [pckCrl] : []), ...names.map(recorded)] as Uint8Array[]
  }
const october = completed('automata/1025/tcb_info.json', 'automata/1025/identity.json', 'automata/1025/pck_crl.der')
const google = files(
  'google/sample_tcbInfo_response',
  'google/sample_qeIdentity_response',
  'google/pckcrl',
  'google/rootcrl.der',
  'google/tcb_signing_chain_2018.pem',
)
const JUNE = '2025-06-20T00:00:00Z'
const MARCH = '2026-03-17T00:00:00Z'

/** The table of the recordings' README, line by line, and the pairs of quote and lists that can be made besides. */
export const recordings: readonly Recording[] = [
  { name: 'v4', quote: file('phala-tdx_quote'), endorsements: phala, now: JUNE, verdict: 'UpToDate' },
  {
    name: 'v4, first second',
    quote: file('phala-tdx_quote'),
    endorsements: phala,
    now: '2025-06-19T11:32:00Z',
    verdict: 'UpToDate',
  },
  {
    name: 'v4, today',
    quote: file('phala-tdx_quote'),
    endorsements: phala,
    now: '2026-11-22T00:00:00Z',
    verdict: 'x509/crl-expired',
  },
  {
    name: 'v4, collateral a day late',
    quote: file('phala-tdx_quote'),
    endorsements: phala,
    now: '2025-07-20T00:00:00Z',
    verdict: 'x509/crl-expired',
  },
  {
    name: 'v4 without the PCK list',
    quote: file('phala-tdx_quote'),
    endorsements: without('pckCrl'),
    now: JUNE,
    verdict: 'tdx/missing-endorsement',
  },
  {
    name: 'v4 without the root list',
    quote: file('phala-tdx_quote'),
    endorsements: without('rootCrl'),
    now: JUNE,
    verdict: 'tdx/missing-endorsement',
  },
  {
    name: 'v4 with a list of garbage',
    quote: file('phala-tdx_quote'),
    endorsements: instead('pckCrl', () => fromHex('0xdeadbeef')),
    now: JUNE,
    verdict: 'tdx/bad-endorsement',
  },
  {
    name: 'v4 with an empty list',
    quote: file('phala-tdx_quote'),
    endorsements: instead('pckCrl', () => new Uint8Array()),
    now: JUNE,
    verdict: 'tdx/bad-endorsement',
  },
  {
    name: 'v4 with a list whose signature is flipped',
    quote: file('phala-tdx_quote'),
    endorsements: instead('pckCrl', (bytes) => flipped(bytes, -1)),
    now: JUNE,
    verdict: 'x509/crl-bad-signature',
  },
  {
    name: 'v4, byte 200 flipped',
    quote: () => flipped(recorded('phala-tdx_quote'), 200),
    endorsements: phala,
    now: JUNE,
    verdict: 'tdx/quote-signature-invalid',
  },
  {
    name: 'v5, below every level',
    quote: file('phala-tdx_quote_outdated'),
    endorsements: () => Object.values(phalaCollateral('phala-tdx_quote_outdated_collateral.json')),
    now: '2026-02-19T00:00:00Z',
    verdict: 'tdx/no-tcb-level',
  },
  {
    name: 'v4 with bytes of somebody after it',
    quote: file('google/tdx_prod_quote_SPR_E4.dat'),
    endorsements: google,
    now: '2023-07-01T01:00:00Z',
    verdict: 'tdx/trailing-bytes',
  },
  {
    name: 'the same, cut after the quote',
    quote: () => recorded('google/tdx_prod_quote_SPR_E4.dat').subarray(0, -39),
    endorsements: google,
    now: '2023-07-01T01:00:00Z',
    verdict: 'tdx/no-tcb-level',
  },
  {
    name: 'the same, thirty years later',
    quote: () => recorded('google/tdx_prod_quote_SPR_E4.dat').subarray(0, -39),
    endorsements: google,
    now: '2053-07-01T01:00:00Z',
    verdict: 'x509/expired',
  },
  {
    name: 'v5',
    quote: file('google/quote_v5_sample.dat'),
    endorsements: collateral2026,
    now: MARCH,
    verdict: 'UpToDate',
  },
  {
    name: 'v5 with a service TD',
    quote: file('automata/quotes/alibaba_quote_5.dat'),
    endorsements: collateral2026,
    now: MARCH,
    verdict: 'OutOfDate INTEL-SA-01036 INTEL-SA-01079 INTEL-SA-01099 INTEL-SA-01103 INTEL-SA-01111',
    refused: ['platform-status', 'module-status', 'running-status', 'tcb-status', 'service-td'],
  },
  {
    name: 'v5 with a service TD, below every level',
    quote: file('attestation-rs/tdx_quote_5.dat'),
    endorsements: collateral2026,
    now: MARCH,
    verdict: 'tdx/no-tcb-level',
  },
  {
    name: 'the same, as another project kept it',
    quote: file('automata/quotes/tdx_quote_5.dat'),
    endorsements: collateral2026,
    now: MARCH,
    verdict: 'tdx/no-tcb-level',
  },
  {
    name: 'v4 under debug',
    quote: file('attestation-rs/tdx_quote_4.dat'),
    endorsements: collateral2026,
    now: MARCH,
    verdict: `OutOfDate ${[837, 960, 982, 986, 1010, 1036, 1076, 1079, 1099, 1103, 1111]
      .map((n) => `INTEL-SA-${String(n).padStart(5, '0')}`)
      .join(' ')}`,
    refused: ['platform-status', 'tcb-status', 'debug'],
  },
  {
    name: 'v4 of another family',
    quote: file('attestation-rs/tdx_quote_live.dat'),
    endorsements: collateral2026,
    now: '2026-04-01T00:00:00Z',
    verdict: 'tdx/tcb-info-mismatch',
  },
  {
    name: 'v4, as another project kept it',
    quote: file('premai/tdx_quote'),
    endorsements: phala,
    now: JUNE,
    verdict: 'UpToDate',
  },
  {
    name: 'Azure, without SEPT_VE_DISABLE',
    quote: file('attestation-rs/az_tdx/td-quote.bin'),
    endorsements: october,
    now: '2025-10-25T00:00:00Z',
    verdict: 'OutOfDate INTEL-SA-00960 INTEL-SA-00982 INTEL-SA-00986',
    refused: ['platform-status', 'module-status', 'tcb-status', 'td-attributes-required'],
  },
  {
    name: 'module TDX_03',
    quote: file('trustee/tdx_quote_6.dat'),
    endorsements: completed('trustee/tcbInfo.json', 'trustee/enclaveIdentity.json', 'automata/1025/pck_crl.der'),
    now: '2025-11-01T00:00:00Z',
    verdict: 'OutOfDate',
    refused: ['platform-status', 'tcb-status'],
  },
  {
    name: 'firmware’s event log',
    quote: file('google/ccel/cos-113-tdx-quote.dat'),
    endorsements: () => [...october(), recorded('google/ccel/ccel_data.dat')],
    now: '2025-10-25T00:00:00Z',
    verdict: 'UpToDate',
  },
  {
    name: 'firmware’s event log, lists of June',
    quote: file('google/ccel/cos-113-tdx-quote.dat'),
    endorsements: () => [
      ...completed(
        'automata/0625/tcbinfov3_00806f050000.json',
        'automata/0625/tcbinfov3_90C06F000000.json',
        'automata/0625/qe_td.json',
      )(),
      recorded('google/ccel/ccel_data.dat'),
    ],
    now: '2025-06-25T00:00:00Z',
    verdict: 'UpToDate',
  },
  {
    name: 'firmware’s event log of another machine',
    quote: file('google/ccel/cos-113-tdx-quote.dat'),
    endorsements: () => [...october(), recorded('dstack/ccel.bin')],
    now: '2025-10-25T00:00:00Z',
    verdict: 'UpToDate',
    // It tells nothing of the third.
    refused: ['event-log-rtmr0', 'event-log-rtmr1'],
  },
  {
    name: 'lists of 2025 for a quote of 2026',
    quote: file('google/quote_v5_sample.dat'),
    endorsements: completed('automata/0625/tcbinfov3_90C06F000000.json', 'automata/0625/qe_td.json'),
    now: '2025-06-25T00:00:00Z',
    verdict: 'x509/not-yet-valid',
  },
  {
    name: 'guest’s events',
    quote: dstack('quote-report'),
    endorsements: dstackLog('quote-report'),
    now: MARCH,
    verdict: 'UpToDate',
  },
  {
    name: 'guest’s events without their digests',
    quote: dstack('tdx-lite-getquote'),
    endorsements: dstackLog('tdx-lite-getquote'),
    // The certificate is of this day, and so is the last of the lists.
    now: '2026-04-15T12:00:00Z',
    verdict: 'UpToDate',
  },
  {
    name: 'attested certificate',
    quote: file('dstack/tdx_quote'),
    endorsements: phala,
    now: JUNE,
    verdict: 'tdx/no-tcb-level',
  },
  {
    name: 'Intel’s made-up sample, whose chain is no PEM',
    quote: file('intel-qvl-synthetic/quote.dat'),
    endorsements: phala,
    now: JUNE,
    verdict: 'x509/bad-pem',
  },
]
