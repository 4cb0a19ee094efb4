import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { simulatedMachine, simulatedRoot } from '@allod/attestation/simulated'
import { type ChipInfo, type Misbehaviour, probeSandbox, requireSandbox } from '@allod/environments'
import { errorsOf } from '@allod/protocol'
import type { Watched } from '@allod/sandbox/node'
import { openBuildStore } from './buildStore.ts'
import { loadChipKeys } from './chipKeys.ts'
import { openControlSocket } from './controlSocket.ts'
import { reportSource } from './reportSource.ts'
import { openScratch } from './scratch.ts'

const fail = errorsOf('chip', {
  'real-tee-present': [
    'this machine has a real TEE, so a simulated one refuses to start',
    'use the tdx or sevsnp environment on this machine',
  ],
})

const REAL_DEVICES = ['/dev/tdx_guest', '/dev/sev-guest', '/sys/kernel/config/tsm/report']

export type RunningChip = {
  readonly info: ChipInfo
  /** Ends every guest, then the chip. */
  stop(): Promise<void>
}

/**
 * Starts the simulated chip: its keys live under `dataDir` and survive, it serves `socketPath`. It keeps no secret from
 * this machine's owner.
 * @param options.realDevices paths whose existence means that a real TEE is here
 * @throws chip/real-tee-present
 */
export async function startChip({
  dataDir,
  socketPath,
  gpuCount = 1,
  realDevices = REAL_DEVICES,
}: {
  readonly dataDir: string
  readonly socketPath: string
  readonly gpuCount?: number
  readonly realDevices?: readonly string[]
}): Promise<RunningChip> {
  const device = realDevices.find((path) => existsSync(path))
  if (device !== undefined) throw fail('real-tee-present', { actual: device })
  const data = resolve(dataDir)
  mkdirSync(data, { recursive: true })
  const keys = await loadChipKeys(data, gpuCount)
  const info = {
    root: simulatedRoot(keys.root.publicKey),
    chipId: keys.chipId,
    machine: simulatedMachine(keys.chipId),
  }
  const probe = await probeSandbox()
  const scratch = await openScratch(data)
  const builds = await openBuildStore(data, scratch.dir)
  const misbehaviour = new Set<Misbehaviour>()
  const guests = new Set<Watched>()
  const now = () => Math.floor(Date.now() / 1000)
  const server = await openControlSocket(socketPath, {
    info,
    misbehaviour,
    guests,
    launcher: {
      scratchDir: scratch.dir,
      builds,
      programs: () => requireSandbox(probe),
      source: (launched) => reportSource(keys, launched, { misbehaviour: () => misbehaviour, now }),
    },
  })
  return {
    info,
    async stop() {
      server.close()
      for (const guest of guests) guest.kill()
      await Promise.all([...guests].map((guest) => guest.exit))
      scratch.close()
    },
  }
}
