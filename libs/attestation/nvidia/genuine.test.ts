import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAllodError } from '@allod/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { type Exception, refusedChecks } from '../appraisal.ts'
import { appraise } from '../appraise.ts'
import { strictEvidence, unboundPolicy } from '../evidencePolicy.ts'
import type { VerifiedDevice } from '../verified.ts'
import { describeNvidia } from './describeNvidia.ts'
import { nvidiaVerifiers } from './verifyNvidia.ts'

const folder = join(import.meta.dirname, '../../../../shared/vectors/attestation/nvidia')
const isThere = existsSync(folder)
if (!isThere) console.info('skipped: no recordings of NVIDIA devices beside this repository')

const TODAY = Date.UTC(2026, 10, 25) / 1000
const IN_2024 = Date.UTC(2024, 5, 1) / 1000

const [gpu, nvswitch] = nvidiaVerifiers()
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))
const ofHex = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(Buffer.from(read(name)).toString().replace(/\s/g, ''), 'hex'))
const ofBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

type Recorded = { readonly certificate: string; readonly evidence: string; readonly nonce: string }
const recorded = (name: string): readonly Recorded[] => JSON.parse(Buffer.from(read(name)).toString())

const SAMPLES = 'attestation-sdk/sample_attestation_data'
const SERIALIZED = 'attestation-sdk/common/serialized_test_evidence'

let run = 0
afterAll(() => {
  if (isThere) expect(run).toBe(COUNT)
})
const COUNT = 54

/** What remains refused without revocation and reference values, as the default policy sees it. */
function refusals(device: VerifiedDevice, exceptions: readonly Exception[] = [], nonce: string | null = null) {
  const expected = { reportData: null, nonce: nonce as `0x${string}` | null }
  const policy = { ...strictEvidence, exceptions }
  const appraisal = appraise({ verified: { cpu: null, devices: [device] }, expected }, unboundPolicy(policy))
  expect(appraisal.isAccepted).toBe(refusedChecks(appraisal).length === 0)
  return [...new Set(refusedChecks(appraisal).map((c) => c.refusal))]
}

const code = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'verified',
    (error: unknown) => (isAllodError(error) ? error.code : `untyped: ${String(error)}`),
  )

describe.skipIf(!isThere)('recorded devices', () => {
  const alone: readonly [
    string,
    string,
    string,
    Partial<VerifiedDevice> & { chip: string; driver: string | null; vbios: string; fwid: boolean },
  ][] = [
    [
      'H100, driver 580.159.03',
      'attestation-sdk/hopperAttestationReport.txt',
      'attestation-sdk/hopperCertChain.txt',
      { firmware: 580_159_003, chip: 'GH100', driver: '580.159.03', vbios: '96.00.74.00.20', fwid: true },
    ],
    [
      'GB100, with its FWID in DiceTcbInfo',
      `${SAMPLES}/gpu/blackwellAttestationReport.txt`,
      `${SAMPLES}/gpu/blackwellCertChain.txt`,
      { firmware: 575_032_000, chip: 'GB100', driver: '575.32', vbios: '97.00.88.00.0F', fwid: true },
    ],
    [
      'H100 of old firmware, which reports no FWID',
      `${SAMPLES}/gpu/hopperAttestationReport.txt`,
      `${SAMPLES}/gpu/hopperCertChain.txt`,
      { firmware: 535_086_009, chip: 'GH100', driver: '535.86.09', vbios: '96.00.5E.00.01', fwid: false },
    ],
    [
      'H100 whose manifest, not whose chain, has expired',
      `${SAMPLES}/gpu/hopperAttestationReportExpired.txt`,
      `${SAMPLES}/gpu/hopperCertChainExpired.txt`,
      { firmware: 570_124_003, chip: 'GH100', driver: '570.124.03', vbios: '96.00.5E.00.04', fwid: true },
    ],
    [
      'H100, driver 545.00',
      'go-nvtrust/attestationReport.txt',
      'go-nvtrust/gpuAkCertChain.txt',
      { firmware: 545_000_000, chip: 'GH100', driver: '545.00', vbios: '96.00.5E.00.01', fwid: false },
    ],
    [
      'H100, driver 550.90.07',
      'nvtrust/hopperAttestationReport.txt',
      'nvtrust/hopperCertChain.txt',
      { firmware: 550_090_007, chip: 'GH100', driver: '550.90.07', vbios: '96.00.9F.00.01', fwid: true },
    ],
    [
      'the same, with its chain from elsewhere',
      'trustee/hopperAttestationReport.txt',
      'trustee/hopper_cert_chain_case1.txt',
      { firmware: 550_090_007, chip: 'GH100', driver: '550.90.07', vbios: '96.00.9F.00.01', fwid: true },
    ],
    [
      'LS10',
      'attestation-sdk/switchAttestationReport.txt',
      'attestation-sdk/switchCertChain.txt',
      { firmware: 0, chip: 'LS10', driver: null, vbios: '96.10.55.00.01', fwid: false },
    ],
    [
      'LS10 among the samples',
      `${SAMPLES}/switch/switchAttestationReport.txt`,
      `${SAMPLES}/switch/switchCertChain.txt`,
      { firmware: 0, chip: 'LS10', driver: null, vbios: '96.10.55.00.01', fwid: false },
    ],
  ]
  test.each(alone)('%s', async (_, report, chain, expected) => {
    run++
    const role = expected.chip === 'LS10' ? 'switch' : 'gpu'
    const verifier = role === 'gpu' ? gpu : nvswitch
    const device = await verifier.verify(ofHex(report), [read(chain)], { now: TODAY })
    const { claims } = device
    expect(device).toMatchObject({
      role,
      isHardware: true,
      isConfidential: true,
      isDebug: false,
      firmware: expected.firmware,
    })
    if (claims.kind === 'simulated-gpu') throw new Error('not a recording')
    expect([claims.chip, claims.driverVersion, claims.vbiosVersion]).toEqual([
      expected.chip,
      expected.driver,
      expected.vbios,
    ])
    expect(claims.fwid !== null).toBe(expected.fwid)
    expect(claims.measurements).toHaveLength(role === 'gpu' ? 64 : 31)
    expect(refusals(device)).toEqual(['revocation-unknown', 'reference-values-unknown'])
    expect(refusals(device, ['revocation-unknown', 'reference-values-unknown'])).toEqual([])
  })

  const serialized: readonly [string, number][] = [
    [`${SERIALIZED}/hopper_evidence.json`, 1],
    [`${SERIALIZED}/hopper_evidence_cert_hold.json`, 1],
    [`${SERIALIZED}/multi_gpu_hopper.json`, 4],
    [`${SERIALIZED}/multi_switch_ls10.json`, 4],
    [`${SERIALIZED}/switch_evidence_ls10.json`, 1],
    ['attestation-sdk/evidence_hopper_590_12.json', 1],
    ['nvtrust/ppcie_gpu_evidence.json', 8],
    ['nvtrust/ppcie_switch_evidence.json', 4],
  ]
  test.each(serialized)('%s answers the nonce beside it', async (name, count) => {
    const devices: VerifiedDevice[] = []
    for (const { certificate, evidence, nonce } of recorded(name)) {
      run++
      const verifier = name.includes('switch') ? nvswitch : gpu
      const device = await verifier.verify(ofBase64(evidence), [ofBase64(certificate)], { now: TODAY })
      expect(refusals(device, ['revocation-unknown', 'reference-values-unknown'], `0x${nonce}`)).toEqual([])
      expect(refusals(device, ['revocation-unknown', 'reference-values-unknown'], `0x${'00'.repeat(32)}`)).toEqual([
        'gpu-nonce-mismatch',
      ])
      devices.push(device)
    }
    expect(devices).toHaveLength(count)
  })

  const refused: readonly [string, () => Promise<unknown>, string][] = [
    [
      'a GPU report with a turned signature',
      () =>
        gpu.verify(
          ofHex(`${SAMPLES}/gpu/hopperAttestationReportInvalidSignature.txt`),
          [read(`${SAMPLES}/gpu/hopperCertChain.txt`)],
          { now: TODAY },
        ),
      'nvidia/bad-signature',
    ],
    [
      'a switch report with a turned signature',
      () =>
        nvswitch.verify(
          ofHex(`${SAMPLES}/switch/switchAttestationReportInvalidSignature.txt`),
          [read(`${SAMPLES}/switch/switchCertChain.txt`)],
          { now: TODAY },
        ),
      'nvidia/bad-signature',
    ],
    ['a chain without its device', () => withChain('go-nvtrust/invalidCertChain.txt'), 'nvidia/bad-chain'],
    ['a root alone', () => withChain('trustee/hopper_cert_chain_case2.txt'), 'nvidia/bad-chain'],
    ['a chain without an authority', () => withChain('trustee/hopper_cert_chain_case3.txt'), 'nvidia/bad-chain'],
    ['a chain without its leaf', () => withChain('trustee/hopper_cert_chain_case4.txt'), 'nvidia/bad-chain'],
    ['the chain of another GPU', () => withChain('attestation-sdk/hopperCertChain.txt'), 'nvidia/bad-signature'],
    [
      'a switch presented as a GPU',
      () =>
        gpu.verify(
          ofHex('attestation-sdk/hopperAttestationReport.txt'),
          [read('attestation-sdk/switchCertChain.txt')],
          { now: TODAY },
        ),
      'nvidia/wrong-device',
    ],
  ]
  test.each(refused)('refuses %s', async (_, verify, expected) => {
    run++
    expect(await code(verify())).toBe(expected)
  })

  test('refuses a byte after the signature, and takes the report without it', async () => {
    run++
    const report = ofHex('trustee/hopper_coco_report1.txt')
    const chain = [read('trustee/hopper_coco_certs1.txt')]
    expect(await code(gpu.verify(report, chain, { now: TODAY }))).toBe('nvidia/trailing-bytes')
    const device = await gpu.verify(report.slice(0, -1), chain, { now: TODAY })
    expect(device.firmware).toBe(580_095_005)
    expect(refusals(device)).toEqual(['revocation-unknown', 'reference-values-unknown'])
  })

  const DRIVER = 'nvtrust/Driver_RIM_test_no_gpu.swidtag'
  const VBIOS = 'nvtrust/1010_0200_882_96005E0001_test_no_gpu.swidtag'
  const HAND_EDITED = 'attestation-sdk/sample_rims'

  // Two signed manifests exist for VBIOS 96.00.5E.00.01, and NVIDIA signed a third for testing; indices are as README has them.
  const golden: readonly [string, string, number, readonly number[]][] = [
    ['all 33 values of driver and VBIOS', VBIOS, IN_2024, []],
    ['another revision of the VBIOS manifest', 'nvtrust/1010_0200_882_96005E0001_PROD.swidtag', IN_2024, [1, 2, 3, 9]],
    [
      'a VBIOS manifest that was signed to differ',
      `${HAND_EDITED}/NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml`,
      Date.UTC(2025, 5, 1) / 1000,
      [1, 2, 3, 9],
    ],
    ['the same 33, their signers expired since', VBIOS, TODAY, []],
  ]
  test.each(golden)('compares with %s', async (_, vbios, now, mismatches) => {
    run++
    const device = await old([read(vbios), read('go-nvtrust/gpuAkCertChain.txt'), read(DRIVER)], now)
    expect(device.claims).toMatchObject({
      mismatches,
      driverReference: { id: 'NV_GPU_DRIVER_GH100_545.00', active: 21 },
    })
    expect(device.claims).toMatchObject({ vbiosReference: { id: 'NV_GPU_VBIOS_1010_0200_882_96005E0001', active: 12 } })
    const expired = device.findings.some((c) => c.refusal === 'reference-signer-expired' && c.result === 'unknown')
    expect(expired).toBe(now === TODAY)
    const unknown = ['revocation-unknown', ...(expired ? ['reference-signer-expired'] : [])]
    const mismatched = mismatches.length > 0 ? ['device-measurement-mismatch'] : []
    expect(refusals(device)).toEqual([...unknown, ...mismatched])
    expect(refusals(device, ['revocation-unknown', 'reference-signer-expired'])).toEqual(mismatched)
  })

  test('compares a switch with its manifest, whose signer is current', async () => {
    run++
    const device = await ofSwitch('attestation-sdk/switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml')
    expect(device.claims).toMatchObject({ mismatches: [], driverReference: null })
    expect(device.claims).toMatchObject({ vbiosReference: { id: 'NV_SWITCH_BIOS_5612_0002_890_9610550001' } })
    expect(refusals(device)).toEqual(['revocation-unknown'])
    expect(refusals(device, ['revocation-unknown'])).toEqual([])
  })

  const GH100_CHAIN = `${SAMPLES}/gpu/hopperCertChain.txt`
  const manifests: readonly [string, () => Promise<unknown>, string][] = [
    [
      'the manifest of another driver',
      () =>
        old([read('go-nvtrust/gpuAkCertChain.txt'), read('attestation-sdk/NV_GPU_DRIVER_GH100_550.144.03.xml')], TODAY),
      'nvidia/reference-mismatch',
    ],
    [
      'the driver 545.00 for a GPU that runs 535.86.09',
      () =>
        gpu.verify(ofHex(`${SAMPLES}/gpu/hopperAttestationReport.txt`), [read(GH100_CHAIN), read(DRIVER)], {
          now: IN_2024,
        }),
      'nvidia/reference-mismatch',
    ],
    [
      'a driver manifest edited by hand',
      () =>
        gpu.verify(
          ofHex(`${SAMPLES}/gpu/hopperAttestationReport.txt`),
          [read(GH100_CHAIN), read(`${HAND_EDITED}/NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml`)],
          { now: TODAY },
        ),
      'rim/digest-mismatch',
    ],
    [
      'an expired driver manifest edited by hand',
      () =>
        gpu.verify(
          ofHex(`${SAMPLES}/gpu/hopperAttestationReportExpired.txt`),
          [
            read(`${SAMPLES}/gpu/hopperCertChainExpired.txt`),
            read(`${HAND_EDITED}/NV_GPU_DRIVER_GH100_570.124.03_expired.xml`),
          ],
          { now: TODAY },
        ),
      'rim/digest-mismatch',
    ],
    [
      'a switch manifest edited by hand',
      () => ofSwitch(`${HAND_EDITED}/NV_SWITCH_BIOS_5612_0002_890_9610550001_measurement_mismatch.xml`),
      'rim/digest-mismatch',
    ],
    [
      'a switch manifest with a turned signature',
      () => ofSwitch(`${HAND_EDITED}/NV_SWITCH_BIOS_5612_0002_890_9610550001_invalid_signature.xml`),
      'rim/digest-mismatch',
    ],
    [
      'two revisions of one manifest',
      () =>
        old(
          [read('go-nvtrust/gpuAkCertChain.txt'), read(VBIOS), read('nvtrust/1010_0200_882_96005E0001_PROD.swidtag')],
          TODAY,
        ),
      'nvidia/bad-endorsement',
    ],
  ]
  test.each(manifests)('refuses %s', async (_, verify, expected) => {
    run++
    expect(await code(verify())).toBe(expected)
  })

  test('puts every field of a report into words', () => {
    const named = (report: string) => new Map(describeNvidia(ofHex(report)).map((f) => [f.name, f.value]))
    const hopper = named('attestation-sdk/hopperAttestationReport.txt')
    expect(hopper.size).toBe(64 + 4 + 16)
    expect(Object.fromEntries(hopper)).toMatchObject({
      'MEASUREMENTS.NumberOfBlocks': '64',
      'OpaqueData.DRIVER_VERSION': '580.159.03',
      'OpaqueData.VBIOS_VERSION': '96.00.74.00.20',
      'OpaqueData.NVDEC0_STATUS': 'off',
      'OpaqueData.PROJECT': '1010',
      'OpaqueData.FEATURE_FLAG': 'SPT',
    })
    const ls10 = named('attestation-sdk/switchAttestationReport.txt')
    expect(Object.fromEntries(ls10)).toMatchObject({
      'OpaqueData.VBIOS_VERSION': '96.10.55.00.01',
      'OpaqueData.LOCK_SWITCH_STATUS': '1',
    })
  })

  const old = (endorsements: readonly Uint8Array[], now: number) =>
    gpu.verify(ofHex('go-nvtrust/attestationReport.txt'), endorsements, { now })
  const ofSwitch = (manifest: string) =>
    nvswitch.verify(
      ofHex('attestation-sdk/switchAttestationReport.txt'),
      [read(manifest), read('attestation-sdk/switchCertChain.txt')],
      { now: TODAY },
    )
  // The report and chain of 545.00, the chain replaced.
  const withChain = (chain: string) =>
    gpu.verify(ofHex('go-nvtrust/attestationReport.txt'), [read(chain)], { now: TODAY })
})
