import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Verifier } from '@allod/attestation'
import { readCollateralFile, readEvidenceFile } from '@allod/attestation/files'
import { hardwareVerifiers } from '@allod/attestation/hardware'
import { verify as verifyInJs } from '@phala/dcap-qvl'
import startWasm, { js_verify as verifyInWasm } from '@phala/dcap-qvl-web'
import { median, report } from './measure.ts'
import { verifierGzipBytes } from './verifierSize.ts'

/*
 * Verifying genuine evidence in full, from bytes to claims, in process: every chain, revocation list, document and signature.
 * Remembered from the calls before are the certificates of authorities and of Intel's signer of lists, with their keys and that
 * their issuer signed them (libs/attestation/x509/parseOnce.ts): of nine signatures, seven are checked. Of TDX the same quote
 * with the same collateral goes to Phala's dcap-qvl too, in JavaScript and in WASM, twenty calls of each in turn, so that
 * whatever else the machine does slows all of them, and none pays for what another left in the caches. Which of them checks
 * more is in libs/attestation/tdx/differential.test.ts.
 */

const ROUNDS = 16
const CALLS = 20
const WARM_CALLS = 30
const MIN_OF_PEER = 3
const MAX_KB = 40

const recordings = join(import.meta.dirname, '../../shared/vectors/attestation')
const recorded = (name: string): Uint8Array => new Uint8Array(readFileSync(join(recordings, name)))
const json = (name: string): Record<string, string> => JSON.parse(readFileSync(join(recordings, name), 'utf8'))

/** One genuine recording: what is verified, with what, as of when, and how long that may take. */
type Subject = {
  readonly figure: string
  readonly maxMs: number
  readonly evidence: string
  readonly collateral: readonly string[]
  readonly at: string
}

const TDX: Subject = {
  figure: 'TDX quote, full verification, median',
  maxMs: 5,
  evidence: 'tdx/phala-tdx_quote',
  collateral: ['tdx/phala-tdx_quote_collateral.json'],
  at: '2025-06-20T00:00:00Z',
}
const COLLATERAL_2026 = [
  'tcb_info_90c06f000000.json',
  'td_qe_identity.json',
  'tcb_signing_chain.pem',
  'pck_crl_platform.der',
  'root_ca_crl.der',
].map((name) => `tdx/attestation-rs/collateral/${name}`)

/** What else is timed: a line for each kind. */
const subjects: readonly Subject[] = [
  {
    figure: 'TDX quote v5, full verification, median',
    maxMs: 5,
    evidence: 'tdx/google/quote_v5_sample.dat',
    collateral: COLLATERAL_2026,
    at: '2026-03-17T00:00:00Z',
  },
  ...['genoa', 'turin'].map((product) => ({
    figure: `SEV-SNP report of ${product === 'genoa' ? 'Genoa' : 'Turin'}, full verification, median`,
    maxMs: 2,
    evidence: `snp/microsoft/${product}_attestation_report.bin`,
    collateral: [`snp/microsoft/${product}_vcek.pem`, `snp/microsoft/${product}_ask.pem`],
    at: '2026-08-01T00:00:00Z',
  })),
  {
    figure: 'H100 with the manifests of driver and VBIOS, full verification, median',
    maxMs: 15,
    evidence: 'nvidia/go-nvtrust/attestationReport.txt',
    collateral: [
      'nvidia/go-nvtrust/gpuAkCertChain.txt',
      'nvidia/nvtrust/Driver_RIM_test_no_gpu.swidtag',
      'nvidia/nvtrust/1010_0200_882_96005E0001_test_no_gpu.swidtag',
    ],
    at: '2024-06-01T00:00:00Z',
  },
]

const verifiers = hardwareVerifiers()

/** One full verification of a recording. */
function verification({ evidence, collateral, at }: Subject): () => Promise<unknown> {
  const file = readEvidenceFile(recorded(evidence))
  const part = 'parts' in file ? file.parts[0] : undefined
  if (part === undefined) throw new Error(`${evidence} holds no evidence`)
  const verifier = verifiers.find((v: Verifier) => ('cpu' in v ? v.cpu : v.device) === part.kind)
  if (verifier === undefined) throw new Error(`no verifier of ${part.kind}`)
  const endorsements = [...part.endorsements, ...collateral.map(recorded).flatMap(readCollateralFile)]
  const now = Date.parse(at) / 1000
  return () => verifier.verify(part.evidence, endorsements, { now })
}

/** Milliseconds of a call of each work: the median over all calls, made some of each in turn. */
async function medians(works: readonly (() => unknown)[], rounds = ROUNDS): Promise<readonly number[]> {
  for (let i = 0; i < WARM_CALLS; i++) for (const work of works) await work()
  const times: number[][] = works.map(() => [])
  for (let i = 0; i < rounds; i++)
    for (const [which, work] of works.entries())
      for (let call = 0; call < CALLS; call++) {
        const before = performance.now()
        await work()
        times[which]?.push(performance.now() - before)
      }
  return times.map(median)
}

async function compareTdx(): Promise<void> {
  const require = createRequire(import.meta.url)
  const wasm = join(dirname(require.resolve('@phala/dcap-qvl-web')), 'dcap-qvl-web_bg.wasm')
  await startWasm({ module_or_path: readFileSync(wasm) })
  const quote = recorded(TDX.evidence)
  const collateral = json(TDX.collateral[0] as string)
  const now = Date.parse(TDX.at) / 1000
  const [own, js, inWasm] = (await medians([
    verification(TDX),
    () => verifyInJs(quote, collateral as never, now),
    () => verifyInWasm(quote, collateral, BigInt(now)),
  ])) as [number, number, number]
  report(TDX.figure, own, 'ms', TDX.maxMs)
  report('the same by @phala/dcap-qvl 0.3.9', js, 'ms', null)
  report('the same by @phala/dcap-qvl-web 0.3.3', inWasm, 'ms', null)
  report('TDX, times faster than @phala/dcap-qvl', js / own, 'ratio', MIN_OF_PEER)
  report('TDX, times faster than @phala/dcap-qvl-web', inWasm / own, 'ratio', MIN_OF_PEER)
}

if (!existsSync(recordings)) console.error('skipped: genuine recordings are not beside this repository')
else {
  await compareTdx()
  for (const subject of subjects) {
    const [figure = Number.NaN] = await medians([verification(subject)])
    report(subject.figure, figure, 'ms', subject.maxMs)
  }
}

report('verifier of every hardware kind for a browser, by gzip', (await verifierGzipBytes()) / 1000, 'KB', MAX_KB)
