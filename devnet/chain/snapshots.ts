import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { errorsOf } from '@allod/protocol'
import { rpc } from './rpc.ts'

const fail = errorsOf('devnet', {
  'chain-restless': [
    'the local chain goes on making blocks after it was told to stop',
    'see the chain’s log; stop again',
  ],
})

const KEEP = 3
const NAME = /^state-(\d{12})\.json$/

/** The block a snapshot's file is named by; null for any other file. */
export function blockOf(name: string): number | null {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

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

/** A block may be in the making when the chain is told to make no more. */
const LAST_TRIES = 5

/**
 * The snapshot of a chain that stops now: it makes no block any more, so that no transaction can be told as included that the
 * snapshot lacks. What comes later waits in its pool, and is lost as what was never included.
 * @throws devnet/chain-restless
 */
export async function takeLastSnapshot(url: string, folder: string): Promise<void> {
  await rpc(url, 'evm_setAutomine', [false])
  for (let tries = 0; tries < LAST_TRIES; tries++) {
    const before = await rpc<string>(url, 'eth_blockNumber')
    await takeSnapshot(url, folder)
    if ((await rpc<string>(url, 'eth_blockNumber')) === before) return
  }
  throw fail('chain-restless')
}

/**
 * Writes the chain's state beside the earlier ones: a temporary file, synced, then renamed, so that a crash at any moment
 * leaves the newest good one whole. The chain's own periodic dump truncates its file first.
 */
export async function takeSnapshot(url: string, folder: string): Promise<void> {
  // Asked for first: a snapshot may hold a block more than its name says, and never one less.
  const number = Number(await rpc<string>(url, 'eth_blockNumber'))
  const dump = await rpc<string>(url, 'anvil_dumpState')
  const json = await promisify(gunzip)(Buffer.from(dump.slice(2), 'hex'))
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
