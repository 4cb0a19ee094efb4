import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { rpc } from './rpc.ts'

const KEEP = 3
const NAME = /^state-(\d{12})\.json$/

/** Snapshots of the chain's state, newest first. A file that does not parse is not a snapshot. */
export async function goodSnapshots(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  const names = (await readdir(folder))
    .filter((n) => NAME.test(n))
    .sort()
    .reverse()
  const good: string[] = []
  for (const name of names) {
    const path = join(folder, name)
    try {
      JSON.parse(await readFile(path, 'utf8'))
      good.push(path)
    } catch {
      await rm(path, { force: true })
    }
  }
  return good
}

/**
 * Writes the chain's state beside the earlier ones: a temporary file, synced, then renamed, so that a crash at any moment
 * leaves the newest good one whole. The chain's own periodic dump truncates its file first.
 */
export async function takeSnapshot(url: string, folder: string): Promise<void> {
  const dump = await rpc<string>(url, 'anvil_dumpState')
  const json = await promisify(gunzip)(Buffer.from(dump.slice(2), 'hex'))
  const number = Number(await rpc<string>(url, 'eth_blockNumber'))
  const path = join(folder, `state-${String(number).padStart(12, '0')}.json`)
  const file = await open(`${path}.part`, 'w', 0o600)
  try {
    await file.writeFile(json)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
  const directory = await open(folder, 'r')
  await directory.sync().finally(() => directory.close())
  for (const old of (await readdir(folder))
    .filter((n) => NAME.test(n))
    .sort()
    .reverse()
    .slice(KEEP))
    await rm(join(folder, old), { force: true })
}
