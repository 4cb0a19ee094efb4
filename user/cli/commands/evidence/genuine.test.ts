import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../../testing/runCli.ts'

const recordings = join(import.meta.dirname, '../../../../../shared/vectors/attestation')
const isThere = existsSync(recordings)
if (!isThere) console.info('skipped: no genuine recordings beside this repository')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-evidence-'))
  for (const [name, policy] of Object.entries(policies)) writeFileSync(join(folder, name), JSON.stringify(policy))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Policies that name what nobody recorded: AMD’s lists, NVIDIA’s answers, and manifests of most drivers. */
const policies = {
  revocation: { version: 1, exceptions: ['revocation-unknown'] },
  vlek: { version: 1, exceptions: ['revocation-unknown'], sevsnp: { vlek: true, vmpls: [1] } },
  alone: { version: 1, exceptions: ['revocation-unknown', 'reference-values-unknown'] },
  expired: { version: 1, exceptions: ['revocation-unknown', 'reference-signer-expired'] },
}

/** One command line over recordings, and its one answer. Files are below the folder of recordings. */
type Case = {
  readonly file: string
  readonly with?: readonly string[]
  readonly rim?: readonly string[]
  readonly at?: string
  readonly policy?: keyof typeof policies
  readonly more?: readonly string[]
  /** `accepted`, or the code that refuses. */
  readonly expect: string
}

const JUNE = '2025-06-20T00:00:00Z'
const MARCH = '2026-03-17T00:00:00Z'
const TODAY = '2026-11-25T00:00:00Z'
const phala = ['tdx/phala-tdx_quote_collateral.json']
const lists2026 = ['tdx/attestation-rs/collateral']
const october = ['tdx/automata/1025', ...['google/tcb_signing_chain_2018.pem'].map((n) => `tdx/${n}`)]

const tdx: readonly Case[] = [
  { file: 'tdx/phala-tdx_quote', with: phala, at: JUNE, expect: 'accepted' },
  { file: 'tdx/phala-tdx_quote', with: phala, at: '2025-06-19T11:32', expect: 'accepted' },
  { file: 'tdx/phala-tdx_quote', with: phala, at: TODAY, expect: 'x509/crl-expired' },
  { file: 'tdx/phala-tdx_quote', at: JUNE, expect: 'tdx/missing-endorsement' },
  { file: 'tdx/premai/tdx_quote', with: phala, at: JUNE, more: ['--kind', 'tdx'], expect: 'accepted' },
  {
    file: 'tdx/phala-tdx_quote_outdated',
    with: ['tdx/phala-tdx_quote_outdated_collateral.json'],
    at: '2026-02-19',
    expect: 'tdx/no-tcb-level',
  },
  {
    file: 'tdx/google/tdx_prod_quote_SPR_E4.dat',
    with: ['sample_tcbInfo_response', 'sample_qeIdentity_response', 'pckcrl', 'rootcrl.der'].map(
      (n) => `tdx/google/${n}`,
    ),
    at: '2023-07-01T01:00:00Z',
    expect: 'tdx/trailing-bytes',
  },
  { file: 'tdx/google/quote_v5_sample.dat', with: lists2026, at: MARCH, expect: 'accepted' },
  { file: 'tdx/google/quote_v5_sample.dat', with: lists2026, at: '2026-04-16', expect: 'x509/crl-expired' },
  {
    file: 'tdx/automata/quotes/alibaba_quote_5.dat',
    with: lists2026,
    at: MARCH,
    expect: 'attestation/tcb-status-not-allowed',
  },
  { file: 'tdx/attestation-rs/tdx_quote_5.dat', with: lists2026, at: MARCH, expect: 'tdx/no-tcb-level' },
  { file: 'tdx/automata/quotes/tdx_quote_5.dat', with: lists2026, at: MARCH, expect: 'tdx/no-tcb-level' },
  {
    file: 'tdx/attestation-rs/tdx_quote_4.dat',
    with: lists2026,
    at: MARCH,
    expect: 'attestation/tcb-status-not-allowed',
  },
  { file: 'tdx/attestation-rs/tdx_quote_live.dat', with: lists2026, at: '2026-04-01', expect: 'tdx/tcb-info-mismatch' },
  { file: 'tdx/attestation-rs/tdx_tdreport_live.bin', expect: 'file/unknown-evidence' },
  { file: 'tdx/attestation-rs/az_tdx/td-quote.bin', expect: 'tdx/missing-endorsement' },
  { file: 'tdx/attestation-rs/az_tdx/evidence-v1.json', expect: 'tdx/missing-endorsement' },
  { file: 'tdx/trustee/tdx_quote_6.dat', expect: 'tdx/missing-endorsement' },
  { file: 'tdx/google/ccel/cos-113-tdx-quote.dat', with: october, expect: 'tdx/missing-endorsement' },
  { file: 'tdx/dstack/quote-report.json', with: lists2026, at: MARCH, expect: 'accepted' },
  { file: 'tdx/dstack/tdx-lite-getquote.json', with: lists2026, at: '2026-04-15T12:00:00Z', expect: 'accepted' },
  { file: 'tdx/dstack/tdx-lite-attestation.json', with: lists2026, at: '2026-04-15T12:00:00Z', expect: 'accepted' },
  { file: 'tdx/dstack/attestation.bin', with: lists2026, at: MARCH, expect: 'tdx/tcb-info-mismatch' },
  { file: 'tdx/dstack/tdx_quote', with: phala, at: JUNE, expect: 'tdx/no-tcb-level' },
  { file: 'tdx/intel-qvl-synthetic/quote.dat', with: phala, at: JUNE, expect: 'x509/bad-pem' },
  { file: 'sgx/phala-sgx_quote', with: ['sgx/phala-sgx_quote_collateral.json'], expect: 'file/unsupported-evidence' },
]

const microsoft = (product: string) => [`snp/microsoft/${product}_vcek.pem`, 'snp/amd-roots']
const snp: readonly Case[] = [
  ...['milan', 'genoa', 'turin'].flatMap((product): Case[] => {
    const file = `snp/microsoft/${product}_attestation_report.bin`
    return [
      { file, with: microsoft(product), at: TODAY, expect: 'attestation/revocation-unknown' },
      { file, with: microsoft(product), at: TODAY, policy: 'revocation', expect: 'accepted' },
      // The folder holds every product’s.
      { file, with: ['snp/microsoft'], at: TODAY, policy: 'revocation', expect: 'accepted' },
    ]
  }),
  { file: 'snp/attestation-rs/live-evidence-genoa.json', at: TODAY, policy: 'revocation', expect: 'accepted' },
  {
    file: 'snp/attestation-rs/live-report-v5-genoa.bin',
    with: ['snp/attestation-rs/live-vcek-genoa.der'],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
  {
    file: 'snp/google/attestation.bin',
    with: ['snp/google/vcek.testcer', 'snp/google/milan.testcer'],
    at: TODAY,
    policy: 'revocation',
    expect: 'attestation/guest-policy-not-allowed',
  },
  {
    file: 'snp/attestation-rs/test-report.bin',
    with: ['snp/attestation-rs/test-vcek.der'],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
  ...['legacy', 'new'].map(
    (forged): Case => ({
      file: 'snp/attestation-rs/test-report.bin',
      with: [`snp/attestation-rs/test-vcek-invalid-${forged}.der`],
      at: TODAY,
      expect: 'x509/bad-signature',
    }),
  ),
  ...(
    [
      ['2025-06-01', 'vlek', 'accepted'],
      ['2025-06-01', 'revocation', 'attestation/signing-key-not-allowed'],
      [TODAY, 'vlek', 'x509/expired'],
    ] as const
  ).map(
    ([at, policy, expected]): Case => ({
      file: 'snp/attestation-rs/test-vlek-report.bin',
      with: ['snp/attestation-rs/test-vlek.der'],
      at,
      policy,
      expect: expected,
    }),
  ),
  {
    file: 'snp/attestation-rs/test-vlek-report.bin',
    with: ['snp/attestation-rs/test-vlek.der', 'snp/amd-roots/genoa_asvk.der'],
    at: '2025-06-01',
    expect: 'x509/name-chain',
  },
  {
    file: 'snp/virtee/report_milan.hex',
    with: ['snp/virtee/vcek_milan.der'],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
  {
    file: 'snp/attestation-rs-azure/hcl-report.bin',
    with: ['snp/attestation-rs-azure/vcek.pem'],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
  {
    file: 'snp/attestation-rs-azure/hcl-report.bin',
    with: ['snp/attestation-rs-azure/imds-vcek.der'],
    at: TODAY,
    expect: 'sevsnp/chip-mismatch',
  },
  ...['evidence-v1', 'live-evidence', 'milan-v3-attestation'].map(
    (name): Case => ({
      file: `snp/attestation-rs-azure/${name}.json`,
      at: TODAY,
      policy: 'revocation',
      expect: 'accepted',
    }),
  ),
  { file: 'snp/dstack/sev-snp-attestation.json', at: TODAY, policy: 'revocation', expect: 'accepted' },
  {
    file: 'snp/dstack/sev_snp_attestation.bin',
    with: ['snp/dstack/sev_snp_vcek.pem', 'snp/dstack/sev_snp_ask.pem'],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
]

const SDK = 'nvidia/attestation-sdk'
const SAMPLES = `${SDK}/sample_attestation_data`
const RIMS = 'nvidia/nvtrust'
const old = { file: 'nvidia/go-nvtrust/attestationReport.txt', with: ['nvidia/go-nvtrust/gpuAkCertChain.txt'] }
const driver = `${RIMS}/Driver_RIM_test_no_gpu.swidtag`
const nvidia: readonly Case[] = [
  ...(
    [
      [`${SDK}/hopperAttestationReport.txt`, `${SDK}/hopperCertChain.txt`],
      [`${SAMPLES}/gpu/blackwellAttestationReport.txt`, `${SAMPLES}/gpu/blackwellCertChain.txt`],
      [`${SAMPLES}/gpu/hopperAttestationReport.txt`, `${SAMPLES}/gpu/hopperCertChain.txt`],
      [`${SAMPLES}/gpu/hopperAttestationReportExpired.txt`, `${SAMPLES}/gpu/hopperCertChainExpired.txt`],
      [`${RIMS}/hopperAttestationReport.txt`, `${RIMS}/hopperCertChain.txt`],
      ['nvidia/trustee/hopperAttestationReport.txt', 'nvidia/trustee/hopper_cert_chain_case1.txt'],
      [`${SDK}/switchAttestationReport.txt`, `${SDK}/switchCertChain.txt`],
      [`${SAMPLES}/switch/switchAttestationReport.txt`, `${SAMPLES}/switch/switchCertChain.txt`],
    ] as const
  ).flatMap(([file, chain]): Case[] => [
    { file, with: [chain], at: TODAY, expect: 'attestation/revocation-unknown' },
    { file, with: [chain], at: TODAY, policy: 'revocation', expect: 'attestation/reference-values-unknown' },
    { file, with: [chain], at: TODAY, policy: 'alone', expect: 'accepted' },
  ]),
  ...(
    [
      [`${SAMPLES}/gpu/hopperAttestationReportInvalidSignature.txt`, `${SAMPLES}/gpu/hopperCertChain.txt`],
      [`${SAMPLES}/switch/switchAttestationReportInvalidSignature.txt`, `${SAMPLES}/switch/switchCertChain.txt`],
    ] as const
  ).map(([file, chain]): Case => ({ file, with: [chain], at: TODAY, expect: 'nvidia/bad-signature' })),
  { ...old, with: ['nvidia/go-nvtrust/invalidCertChain.txt'], at: TODAY, expect: 'nvidia/bad-chain' },
  ...[2, 3, 4].map(
    (n): Case => ({
      ...old,
      with: [`nvidia/trustee/hopper_cert_chain_case${n}.txt`],
      at: TODAY,
      expect: 'nvidia/bad-chain',
    }),
  ),
  {
    file: 'nvidia/trustee/hopper_coco_report1.txt',
    with: ['nvidia/trustee/hopper_coco_certs1.txt'],
    at: TODAY,
    expect: 'nvidia/trailing-bytes',
  },
  ...(
    [
      ['1010_0200_882_96005E0001_test_no_gpu.swidtag', 'accepted'],
      ['1010_0200_882_96005E0001_PROD.swidtag', 'attestation/device-measurement-mismatch'],
    ] as const
  ).map(
    ([vbios, expected]): Case => ({
      ...old,
      rim: [driver, `${RIMS}/${vbios}`],
      at: '2024-06-01',
      policy: 'revocation',
      expect: expected,
    }),
  ),
  {
    ...old,
    rim: [driver, `${RIMS}/1010_0200_882_96005E0001_test_no_gpu.swidtag`],
    at: TODAY,
    policy: 'expired',
    expect: 'accepted',
  },
  {
    ...old,
    rim: [driver, `${RIMS}/1010_0200_882_96005E0001_test_no_gpu.swidtag`],
    at: TODAY,
    policy: 'revocation',
    expect: 'attestation/reference-signer-expired',
  },
  { ...old, rim: [`${SDK}/NV_GPU_DRIVER_GH100_550.144.03.xml`], at: TODAY, expect: 'nvidia/reference-mismatch' },
  { ...old, rim: [`${SDK}/incorrect_signature_driver_rim.xml`], at: TODAY, expect: 'rim/bad-signature' },
  { ...old, rim: [`${SDK}/incorrect_cert_chain_driver_rim.xml`], at: TODAY, expect: 'rim/bad-chain' },
  ...[
    'NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch',
    'NV_GPU_DRIVER_GH100_570.124.03_expired',
    'NV_SWITCH_BIOS_5612_0002_890_9610550001_invalid_signature',
    'NV_SWITCH_BIOS_5612_0002_890_9610550001_measurement_mismatch',
  ].map(
    (name): Case => ({ ...old, rim: [`${SDK}/sample_rims/${name}.xml`], at: TODAY, expect: 'rim/digest-mismatch' }),
  ),
  {
    file: `${SDK}/switchAttestationReport.txt`,
    with: [`${SDK}/switchCertChain.txt`],
    rim: [`${SDK}/switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml`],
    at: TODAY,
    policy: 'revocation',
    expect: 'accepted',
  },
  ...[
    ...['hopper_evidence', 'hopper_evidence_cert_hold', 'multi_gpu_hopper', 'switch_evidence_ls10'].map(
      (name) => `${SDK}/common/serialized_test_evidence/${name}.json`,
    ),
    `${SDK}/evidence_hopper_590_12.json`,
    `${RIMS}/ppcie_gpu_evidence.json`,
    `${RIMS}/ppcie_switch_evidence.json`,
  ].flatMap((file): Case[] => [
    { file, at: TODAY, policy: 'alone', expect: 'accepted' },
    { file, at: TODAY, policy: 'alone', more: ['--nonce', '00'.repeat(32)], expect: 'attestation/gpu-nonce-mismatch' },
  ]),
  // One switch, four times over: each verifies, and no machine has four of it.
  {
    file: `${SDK}/common/serialized_test_evidence/multi_switch_ls10.json`,
    at: TODAY,
    policy: 'alone',
    expect: 'attestation/gpu-not-distinct',
  },
  { file: `${SAMPLES}/hopperClaimsv3_detached_eat.json`, expect: 'nras/bad-keys' },
  { file: `${SAMPLES}/switch_detached_eat.json`, expect: 'nras/bad-keys' },
  { file: 'nvidia/premai/nras_eat_example.json', more: ['--kind', 'nras'], expect: 'nras/bad-keys' },
  {
    file: 'nvidia/premai/nras_eat_example.json',
    with: ['nvidia/attestation-rs/nras_gpu_x5c_chain.json'],
    expect: 'nras/bad-keys',
  },
  { file: 'nvidia/dstack/gpu_attestation_h100.json', expect: 'nras/algorithm-not-allowed' },
]

const all = [...tdx, ...snp, ...nvidia]

async function verify({ file, with: collateral = [], rim = [], at, policy, more = [] }: Case) {
  const options = [
    ...collateral.flatMap((c) => ['--collateral', join(recordings, c)]),
    ...rim.flatMap((r) => ['--rim', join(recordings, r)]),
    ...(at === undefined ? [] : ['--at', at]),
    ...(policy === undefined ? [] : ['--policy', join(folder, policy)]),
    ...more,
  ]
  // No network, and none described: nothing here may ask for one.
  const env = { ALLOD_HOME: folder, ALLOD_NETWORK: join(folder, 'none.json') }
  const { code, stdout, stderr } = await runCli(['evidence', 'verify', join(recordings, file), ...options, '--json'], {
    env,
  })
  return { code, value: JSON.parse(stdout), stderr }
}

describe.skipIf(!isThere)('recordings of real machines', () => {
  test.each(all.map((c) => [`${c.file}${c.at === undefined ? '' : ` at ${c.at}`}: ${c.expect}`, c] as const))(
    '%s',
    async (_, one) => {
      const { code, value, stderr } = await verify(one)
      expect(Object.keys(value)).toEqual([
        'verdict',
        'code',
        'kind',
        'status',
        'advisories',
        'claims',
        'checks',
        'validUntil',
      ])
      expect(stderr).toBe('')
      if (one.expect === 'accepted') {
        expect(value).toMatchObject({ verdict: 'accepted', code: null })
        expect(code).toBe(0)
      } else {
        expect(value).toMatchObject({ verdict: 'refused', code: one.expect })
        expect(code).toBe(5)
      }
    },
  )

  test('every one was run', () => {
    expect([tdx.length, snp.length, nvidia.length]).toEqual(COUNTS)
  })

  test('an OutOfDate platform is told what it lacks, and who can mend it how', async () => {
    const [file, collateral] = ['tdx/automata/quotes/alibaba_quote_5.dat', 'tdx/attestation-rs/collateral']
    const argv = [
      'evidence',
      'verify',
      join(recordings, file),
      '--collateral',
      join(recordings, collateral),
      '--at',
      MARCH,
    ]
    const { code, stdout, stderr } = await runCli(argv)
    expect(code).toBe(5)
    expect(stdout).toContain('platform: OutOfDate')
    expect(stdout).toContain('advisories: INTEL-SA-01036, INTEL-SA-01079')
    expect(stdout).toMatch(/component 1 \(Early Microcode Update\) is 2, wanted 3: update the BIOS/)
    expect(stdout).toMatch(/✗ fail {4}service-td: expected none, found 0x383c87d3/)
    expect(stdout).toContain('no --report-data was given')
    expect(stderr).toContain('attestation/tcb-status-not-allowed')
  })

  test('report data that the reader knows is compared, and then nothing is said to be missing of it', async () => {
    const quote = readFileSync(join(recordings, 'tdx/google/quote_v5_sample.dat'))
    const reportData = quote.subarray(54 + 520, 54 + 584).toString('hex')
    const one = { file: 'tdx/google/quote_v5_sample.dat', with: lists2026, at: MARCH, expect: '' }
    const { value } = await verify({ ...one, more: ['--report-data', reportData] })
    expect(value.verdict).toBe('accepted')
    const other = await verify({ ...one, more: ['--report-data', '0x01'] })
    expect(other.value.code).toBe('attestation/report-data-mismatch')
    const argv = [
      'evidence',
      'verify',
      join(recordings, one.file),
      '--collateral',
      join(recordings, lists2026[0] ?? ''),
    ]
    const text = await runCli([...argv, '--at', MARCH, '--report-data', reportData])
    expect(text.stdout).not.toContain('no --report-data was given')
  })

  test('asks the makers only where told to, keeps what they said, and names what was not to be had', async () => {
    const base = await serve(
      new Map([
        ['/tdx/certification/v4/tcb?fmspc=90C06F000000', 'tcb_info_90c06f000000.json'],
        ['/tdx/certification/v4/qe/identity', 'td_qe_identity.json'],
        ['/sgx/certification/v4/pckcrl?ca=platform&encoding=der', 'pck_crl_platform.der'],
        ['/IntelSGXRootCA.der', 'root_ca_crl.der'],
      ]),
    )
    const endpoints = { intelPcs: base.url, intelRootCrl: `${base.url}/IntelSGXRootCA.der`, nvidiaRim: base.url }
    writeFileSync(join(folder, 'endpoints.json'), JSON.stringify({ ...endpoints, nvidiaOcsp: `${base.url}/ocsp` }))
    const fetching = ['--fetch', '--endpoints', join(folder, 'endpoints.json')]
    const quote = { file: 'tdx/google/quote_v5_sample.dat', at: MARCH, expect: '' }
    expect((await verify(quote)).value.code).toBe('tdx/missing-endorsement')
    expect(base.asked()).toBe(0)
    expect((await verify({ ...quote, more: fetching })).value).toMatchObject({
      verdict: 'accepted',
      status: 'UpToDate',
    })
    expect(base.asked()).toBe(4)
    await base.stop()
    expect((await verify({ ...quote, more: fetching })).value.verdict).toBe('accepted')
    const gpu = { ...old, at: TODAY, more: fetching, expect: '' }
    expect((await verify(gpu)).value.code).toBe('attestation/revocation-unknown')
    const paths = [gpu.file, '--cert-chain', gpu.with[0] ?? ''].map((p) =>
      p.startsWith('-') ? p : join(recordings, p),
    )
    const { stdout } = await runCli(['evidence', 'verify', ...paths, ...fetching], { env: { ALLOD_HOME: folder } })
    expect(stdout).toMatch(
      /what was not to be had: reference manifest NV_GPU_DRIVER_GH100_545\.00.*collateral\/unreachable/,
    )
  })

  test('a recording of several parts is judged as one: a device of another machine does not belong to its CPU', async () => {
    const bytes = (name: string): Buffer => readFileSync(join(recordings, name))
    const part = (kind: string, evidence: Buffer, endorsements: readonly Buffer[]) => ({
      kind,
      evidence: evidence.toString('base64url'),
      endorsements: endorsements.map((e) => e.toString('base64url')),
    })
    const [gpu] = JSON.parse(bytes('nvidia/nvtrust/ppcie_gpu_evidence.json').toString())
    const recording = {
      version: 1,
      type: 'allod-recording',
      nonce: `0x${gpu.nonce}`,
      recordedAt: 0,
      kernel: null,
      cpu: part('sevsnp', bytes('snp/microsoft/milan_attestation_report.bin'), []),
      devices: [part('nvidia-gpu', Buffer.from(gpu.evidence, 'base64'), [Buffer.from(gpu.certificate, 'base64')])],
      missing: [],
    }
    writeFileSync(join(folder, 'spliced.json'), JSON.stringify(recording))
    const argv = ['evidence', 'verify', join(folder, 'spliced.json'), '--policy', join(folder, 'alone'), '--at', TODAY]
    const { code, stdout } = await runCli([...argv, '--collateral', join(recordings, 'snp/microsoft'), '--json'])
    expect(code).toBe(5)
    const value = JSON.parse(stdout)
    expect(value).toMatchObject({ code: 'attestation/report-data-mismatch', kind: 'sevsnp' })
    expect(value.claims.map((c: { kind: string }) => c.kind)).toEqual(['sevsnp', 'nvidia-gpu'])
    const failed = value.checks.filter((c: { result: string }) => c.result === 'fail')
    expect(failed.map((c: { name: string }) => c.name)).toEqual(['report-data'])
  })

  test('shows every field in words', async () => {
    for (const [file, word] of [
      ['tdx/google/quote_v5_sample.dat', 'mrtd'],
      ['snp/virtee/report_milan.hex', 'MEASUREMENT'],
      ['nvidia/nvtrust/ppcie_gpu_evidence.json', 'OpaqueData.DRIVER_VERSION'],
      ['nvidia/premai/nras_eat_example.json', 'eat_nonce'],
    ] as const) {
      const { code, stdout } = await runCli(['evidence', 'show', join(recordings, file)])
      expect(code).toBe(0)
      expect(stdout).toContain(word)
    }
    const eight = await runCli([
      'evidence',
      'show',
      join(recordings, 'nvidia/nvtrust/ppcie_gpu_evidence.json'),
      '--json',
    ])
    expect(JSON.parse(eight.stdout).length).toBe(8)
  })
})

/** Intel’s service, as far as it was recorded, by path and file. */
async function serve(files: ReadonlyMap<string, string>) {
  let count = 0
  const chain = readFileSync(join(recordings, 'tdx/attestation-rs/collateral/tcb_signing_chain.pem'), 'utf8')
  const headers = {
    'TCB-Info-Issuer-Chain': encodeURIComponent(chain),
    'SGX-Enclave-Identity-Issuer-Chain': encodeURIComponent(chain),
  }
  const server = createServer((request, response) => {
    count++
    const file = files.get(request.url ?? '')
    if (file === undefined) response.writeHead(404).end()
    else response.writeHead(200, headers).end(readFileSync(join(recordings, 'tdx/attestation-rs/collateral', file)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => count,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

const COUNTS = [26, 27, 63]
