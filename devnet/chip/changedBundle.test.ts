import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bind, requireAccepted, verify } from '@allod/attestation'
import {
  appraiseSimulated,
  simulatedMachine,
  simulatedMeasurements,
  simulatedRoot,
  simulatedVerifiers,
} from '@allod/attestation/simulated'
import { openChipDevice } from '@allod/attestation/simulated/device'
import { type BoundFacts, devicesHash, type Hex, reportData } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBuildStore } from './buildStore.ts'
import { type ChipKeys, loadChipKeys } from './chipKeys.ts'
import { openReportDevice } from './reportDevice.ts'
import { reportSource } from './reportSource.ts'

let folder: string
let rootfs: string
let keys: ChipKeys
const devices: Server[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-bundle-'))
  rootfs = join(folder, 'rootfs')
  mkdirSync(join(rootfs, 'app'), { recursive: true })
  writeFileSync(join(rootfs, 'app/main.mjs'), 'main', { mode: 0o444 })
  keys = await loadChipKeys(folder, 0)
})
afterEach(() => {
  for (const device of devices.splice(0)) device.close()
  rmSync(folder, { recursive: true, force: true })
})

const bytes = (fill: string, size: number): Hex => `0x${fill.repeat(size)}`
const nonce = { id: bytes('11', 32), nonce: bytes('22', 32) }
const now = () => Math.floor(Date.now() / 1000)

/** What the chip measures of the bundle as it lies there. */
const admit = async (): Promise<Hex> => (await (await openBuildStore(folder, folder)).admit(rootfs)).build

/** Evidence of an enclave that was started from `build` and says that it is `approved`, judged by who approved that one. */
async function judge(build: Hex, approved: Hex): Promise<void> {
  const launched = { build, configHash: bytes('33', 32), isIsolated: true }
  const path = join(folder, `${devices.length}.sock`)
  devices.push(await openReportDevice(path, reportSource(keys, launched, { misbehaviour: () => new Set(), now })))
  const bound: BoundFacts = {
    role: 'grant',
    nonces: [nonce],
    hpkeKey: bytes('44', 1216),
    signingAddress: bytes('55', 20),
    tlsSpkiHash: null,
    buildDigest: approved,
    specHash: bytes('66', 32),
    chainId: '31337',
    market: bytes('77', 20),
    order: bytes('88', 32),
    generation: 1,
    devicesHash: devicesHash([]),
  }
  const cpu = await openChipDevice(path).cpuEvidence(reportData(bound))
  const root = simulatedRoot(keys.root.publicKey)
  const verified = await verify(
    { version: 1, cpu, devices: [], bound },
    { verifiers: simulatedVerifiers([root]), now: now() },
  )
  requireAccepted(
    appraiseSimulated(
      await bind(verified, bound, { nonce, nonceValidUntil: now() + 60, expected: { role: 'grant' } }),
      {
        ...{ trust: 'simulated', root, isUnisolatedAllowed: false, minimumTcb: 7, gpus: 0, minimumGpuFirmware: 0 },
        ...{ machines: [simulatedMachine(keys.chipId)], configs: 'any' },
        builds: [approved],
        measurements: simulatedMeasurements([approved]),
      },
    ),
  )
}

const main = () => join(rootfs, 'app/main.mjs')
function write(text: string): void {
  chmodSync(main(), 0o644)
  writeFileSync(main(), text)
  chmodSync(main(), 0o444)
}

test.each<[string, () => void]>([
  ['one byte', () => write('maim')],
  ['one byte more', () => write('main\n')],
  ['a mode', () => chmodSync(main(), 0o555)],
  ['a name', () => renameSync(main(), join(rootfs, 'app/main.mjt'))],
])(
  'a bundle changed in %s is refused where the one before it is taken: attestation/measurement-unknown',
  async (_, change) => {
    const approved = await admit()
    await judge(approved, approved)
    change()
    await expect(judge(await admit(), approved)).rejects.toMatchObject({ code: 'attestation/measurement-unknown' })
  },
)
