import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import {
  fromHex,
  type Hex,
  hex,
  list,
  newSigningKey,
  record,
  type SigningKey,
  taggedHash,
  toHex,
} from '@allod/protocol'

/** The chip's keys: a root made on this machine, the chip's own, and one per simulated GPU. */
export type ChipKeys = {
  readonly root: SigningKey
  readonly chip: SigningKey
  readonly chipId: Hex
  readonly gpus: readonly { readonly key: SigningKey; readonly deviceId: Hex }[]
}

const secretsShape = record({ root: hex(32), chip: hex(32), gpus: list(hex(32), 8) })

/** Reads the keys under `dataDir`, or makes them the first time, readable by their owner only. */
export function loadChipKeys(dataDir: string, gpuCount: number): ChipKeys {
  const path = join(dataDir, 'keys.json')
  if (!existsSync(path)) {
    const fresh = (): Hex => toHex(newSigningKey().secret.expose())
    writeSecretly(path, JSON.stringify({ root: fresh(), chip: fresh(), gpus: Array.from({ length: gpuCount }, fresh) }))
  }
  const { root, chip, gpus } = secretsShape(JSON.parse(readFileSync(path, 'utf8')))
  const chipKey = keyOf(chip)
  return {
    root: keyOf(root),
    chip: chipKey,
    chipId: idOf(chipKey),
    gpus: gpus.map(keyOf).map((key) => ({ key, deviceId: idOf(key) })),
  }
}

const keyOf = (secret: Hex): SigningKey => newSigningKey(fromHex(secret, 32))
const idOf = (key: SigningKey): Hex => taggedHash('allod/sim-device/v1', fromHex(key.address, 20))

function writeSecretly(path: string, text: string): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(temporary, path)
}
