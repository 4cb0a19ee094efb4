import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { newSimulatedSecret, type SimulatedKey, simulatedKey } from '@allod/attestation/simulated'
import { fromHex, type Hex, hex, hexUpTo, list, record, Secret, taggedHash, toHex } from '@allod/protocol'

/** The chip's keys: a root made on this machine, the chip's own, and one per simulated GPU. */
export type ChipKeys = {
  readonly root: SimulatedKey
  readonly chip: SimulatedKey
  readonly chipId: Hex
  /** What keys for guests are derived from. */
  readonly seed: Secret
  readonly gpus: readonly { readonly key: SimulatedKey; readonly deviceId: Hex }[]
}

const secret = hexUpTo(200)
const secretsShape = record({ root: secret, chip: secret, seed: hex(32), gpus: list(secret, 8) })

/** Reads the keys under `dataDir`, or makes them the first time, readable by their owner only. */
export async function loadChipKeys(dataDir: string, gpuCount: number): Promise<ChipKeys> {
  const path = join(dataDir, 'keys.json')
  if (!existsSync(path)) {
    const fresh = async (): Promise<Hex> => toHex(await newSimulatedSecret())
    const gpus = await Promise.all(Array.from({ length: gpuCount }, fresh))
    const seed = toHex(randomBytes(32))
    writeSecretly(path, JSON.stringify({ root: await fresh(), chip: await fresh(), seed, gpus }))
  }
  const { root, chip, seed, gpus } = secretsShape(JSON.parse(readFileSync(path, 'utf8')))
  const chipKey = await simulatedKey(fromHex(chip))
  return {
    root: await simulatedKey(fromHex(root)),
    chip: chipKey,
    chipId: idOf(chipKey),
    seed: new Secret(fromHex(seed, 32)),
    gpus: await Promise.all(
      gpus.map(async (gpu) => {
        const key = await simulatedKey(fromHex(gpu))
        return { key, deviceId: idOf(key) }
      }),
    ),
  }
}

const idOf = (key: SimulatedKey): Hex => taggedHash('allod/sim-device/v1', fromHex(key.publicKey, 65))

function writeSecretly(path: string, text: string): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(temporary, path)
}
