import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256, toHex } from '@allod/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { parsePem } from '../../x509/pem.ts'
import { rimRoot } from './roots.ts'
import { verifyRim } from './verifyRim.ts'

const folder = join(import.meta.dirname, '../../../../../shared/vectors/attestation/nvidia')
const isThere = existsSync(folder)
if (!isThere) console.info('skipped: no recordings of NVIDIA’s manifests beside this repository')

const at = (date: string): number => Date.parse(date) / 1000
const TODAY = at('2026-11-25')
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))
const SAMPLES = 'attestation-sdk/sample_rims'
const SWITCH = 'attestation-sdk/switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml'

const samples = isThere ? readdirSync(join(folder, 'nvtrust')).filter((name) => name.endsWith('.swidtag')) : []

let run = 0
afterAll(() => {
  if (isThere) expect(run).toBe(COUNT)
})
const COUNT = 38

describe.skipIf(!isThere)('recorded manifests', () => {
  test('26 samples are good in 2024, and by an expired signer today', async () => {
    expect(samples.length).toBe(26)
    for (const name of samples) {
      const xml = read(join('nvtrust', name))
      const then = await verifyRim(xml, { now: at('2024-06-01') })
      expect(then).toMatchObject({ signer: 'current', edition: 'GPU', chip: 'GH100' })
      expect([then.kind, then.values.size]).toEqual(name.startsWith('Driver') ? ['driver', 21] : ['vbios', 12])
      // The file's name is project, SKUs and version without its dots.
      if (then.kind === 'vbios') expect(name).toContain(then.version.replaceAll('.', ''))
      const today = await verifyRim(xml, { now: TODAY })
      expect(today).toEqual({ ...then, signer: 'expired' })
      expect(today.validUntil).toBeLessThan(TODAY)
      run++
    }
  })

  test.each([
    ['attestation-sdk/NV_GPU_DRIVER_GH100_550.144.03.xml', TODAY, 'current', '550.144.03', 'GH100', 21],
    [SWITCH, TODAY, 'current', '96.10.55.00.01', 'LS10', 31],
    // Signed like any other: it is the comparison with a device that fails.
    [
      `${SAMPLES}/NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml`,
      at('2025-06-01'),
      'current',
      '96.00.5E.00.01',
      'GH100',
      12,
    ],
    [
      `${SAMPLES}/NV_GPU_VBIOS_1010_0200_882_96005E0001_measurement_mismatch.xml`,
      TODAY,
      'expired',
      '96.00.5E.00.01',
      'GH100',
      12,
    ],
  ] as const)('%s is good', async (name, now, signer, version, chip, active) => {
    const rim = await verifyRim(read(name), { now })
    expect(rim).toMatchObject({ signer, version, chip })
    expect(rim.values.size).toBe(active)
    run++
  })

  test.each([
    ['attestation-sdk/incorrect_signature_driver_rim.xml', 'rim/bad-signature'],
    ['attestation-sdk/incorrect_cert_chain_driver_rim.xml', 'rim/bad-chain'],
    [`${SAMPLES}/NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml`, 'rim/digest-mismatch'],
    [`${SAMPLES}/NV_GPU_DRIVER_GH100_570.124.03_expired.xml`, 'rim/digest-mismatch'],
    [`${SAMPLES}/NV_SWITCH_BIOS_5612_0002_890_9610550001_invalid_signature.xml`, 'rim/digest-mismatch'],
    [`${SAMPLES}/NV_SWITCH_BIOS_5612_0002_890_9610550001_measurement_mismatch.xml`, 'rim/digest-mismatch'],
  ])('%s is refused', async (name, code) => {
    expect(await codeOf(() => verifyRim(read(name), { now: TODAY }))).toBe(code)
    run++
  })

  test('the switch’s signer was not valid before May 2026', async () => {
    expect(await codeOf(() => verifyRim(read(SWITCH), { now: at('2026-05-01') }))).toBe('rim/not-yet-valid')
    run++
  })

  test('nothing is good under another root', async () => {
    const [other] = parsePem(read('attestation-sdk/incorrect_rim_root.crt'), 'CERTIFICATE', 1)
    const xml = read('attestation-sdk/NV_GPU_DRIVER_GH100_550.144.03.xml')
    expect(await codeOf(() => verifyRim(xml, { now: TODAY, ...(other && { root: other }) }))).toBe('rim/bad-chain')
    run++
  })

  test('the pinned root is NVIDIA’s file', () => {
    for (const name of ['nvtrust/verifier_RIM_root.pem', 'attestation-sdk/trusted_certs/rim_root.crt']) {
      const [root = new Uint8Array()] = parsePem(read(name), 'CERTIFICATE', 1)
      expect(toHex(sha256(root))).toBe(rimRoot)
    }
  })
})
