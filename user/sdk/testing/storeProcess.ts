import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Hex, newSigningKey, toHex } from '@allod/protocol'

const storeMain = join(import.meta.dirname, '../../../host/store/main.ts')

export type StoreProcess = { readonly child: ChildProcess; readonly url: string; readonly address: Hex }

/**
 * A real store in a process of its own, with its key and its blobs below `folder`: started again there, it is the same store.
 * @param children takes the process, for whoever ends them all
 */
export async function startStore(
  folder: string,
  index: number,
  children: ChildProcess[],
  asked = 0,
): Promise<StoreProcess> {
  const key = join(folder, `store-${index}.key`)
  if (!existsSync(key)) writeFileSync(key, toHex(newSigningKey().secret.expose()), { mode: 0o600 })
  const args = ['--data', join(folder, `store-${index}`), '--key', key, '--port', String(asked), '--unsynced']
  const child = spawn(process.execPath, [storeMain, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { port, address } = JSON.parse(line) as { port: number; address: Hex }
  return { child, url: `http://127.0.0.1:${port}`, address }
}
