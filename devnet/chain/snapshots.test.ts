import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { goodSnapshots, takeLastSnapshot, takeSnapshot } from './snapshots.ts'
import { untilSaved } from './untilSaved.ts'

function scratch(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'allod-states-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
const nameOf = (block: number): string => `state-${String(block).padStart(12, '0')}.json`
const write = (folder: string, name: string, text: string): void => writeFileSync(join(folder, name), text)

test('snapshots are given newest first, also where digits grow', async () => {
  using folder = scratch()
  for (const block of [9, 1000, 10]) write(folder.path, nameOf(block), '{}')
  expect(await goodSnapshots(folder.path)).toEqual([1000, 10, 9].map((block) => join(folder.path, nameOf(block))))
})

test('a torn newest snapshot is skipped, and the older one used', async () => {
  using folder = scratch()
  const whole = JSON.stringify({ accounts: { a: 1, b: 2 } })
  write(folder.path, nameOf(1), whole)
  for (const [block, text] of [
    [2, whole.slice(0, -3)],
    [3, ''],
  ] as const)
    write(folder.path, nameOf(block), text)
  expect(await goodSnapshots(folder.path)).toEqual([join(folder.path, nameOf(1))])
  expect(readdirSync(folder.path)).toEqual([nameOf(1)])
})

test('what was not renamed yet, and what is no snapshot, is left alone', async () => {
  using folder = scratch()
  for (const name of [`${nameOf(5)}.part`, 'state-5.json', 'notes.json']) write(folder.path, name, '{}')
  expect(await goodSnapshots(folder.path)).toEqual([])
  expect(readdirSync(folder.path)).toHaveLength(3)
})

test('a new network has none', async () => {
  using folder = scratch()
  expect(await goodSnapshots(join(folder.path, 'states'))).toEqual([])
})

/** A chain whose head is where it is told. */
async function startHead(head: () => string) {
  const dump = `0x${gzipSync('{"accounts":{}}').toString('hex')}`
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    response.end(JSON.stringify({ result: JSON.parse(body).method === 'anvil_dumpState' ? dump : head() }))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => server.close().closeAllConnections(),
  }
}

test('a chain that does not stop making blocks is devnet/chain-restless', async () => {
  using folder = scratch()
  let number = 1
  using chain = await startHead(() => `0x${(number++).toString(16)}`)
  await expect(takeLastSnapshot(chain.url, folder.path)).rejects.toMatchObject({ code: 'devnet/chain-restless' })
})

test('the three newest are kept', async () => {
  using folder = scratch()
  using chain = await startHead(() => '0x14')
  for (const block of [1, 2, 3, 4]) write(folder.path, nameOf(block), '{}')
  await takeSnapshot(chain.url, folder.path)
  expect(await goodSnapshots(folder.path)).toEqual([20, 4, 3].map((block) => join(folder.path, nameOf(block))))
  expect(readdirSync(folder.path)).toHaveLength(3)
})

test('what the chain has now is waited for until a snapshot holds it', async () => {
  using folder = scratch()
  using chain = await startHead(() => '0x14')
  write(folder.path, nameOf(19), '{}')
  await expect(untilSaved(chain.url, folder.path, { withinMs: 0 })).rejects.toMatchObject({
    code: 'devnet/chain-unsaved',
    meta: { expected: 20, actual: 19 },
  })
  const saved = untilSaved(chain.url, folder.path)
  await takeSnapshot(chain.url, folder.path)
  await saved
})
