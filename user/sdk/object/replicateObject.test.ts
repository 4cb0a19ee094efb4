import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newHpkeKey, parseManifest } from '@allod/content'
import { fetchManifest, openObject } from '@allod/content/open'
import { type SealedObject, sealFolder } from '@allod/content/seal'
import { httpStore, type Store } from '@allod/content/stores'
import { newCommittee, newSigningKey } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseNetwork } from '../network/network.ts'
import { newPolicy } from '../policy/newPolicy.ts'
import { memoryFolder } from '../publish/memoryFolder.ts'
import { devnetDescription } from '../testing/network.ts'
import { type StoreProcess, startStore } from '../testing/storeProcess.ts'
import { objectHolders } from './objectHolders.ts'
import { replicateObject } from './replicateObject.ts'

const children: ChildProcess[] = []
const running: StoreProcess[] = []
let folder = ''
let stores: readonly Store[] = []
/** Sealed while the second store was down: three packs, of which the first holds it all. */
let object: SealedObject

const stop = async (index: number): Promise<void> => {
  running[index]?.child.kill('SIGKILL')
  await once(running[index]?.child as ChildProcess, 'exit')
}
const start = async (index: number): Promise<void> => {
  const port = Number(new URL(running[index]?.url ?? '').port)
  running[index] = await startStore(folder, index, children, port)
}
const kinds = async () =>
  (await replicateObject({ stores }, object.manifest)).replicas.map((r) => [r.kind, r.error?.code ?? null])

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'allod-replicate-'))
  running.push(...(await Promise.all([0, 1].map((index) => startStore(folder, index, children)))))
  stores = running.map(({ url, address }) => httpStore({ url, address }))
  await stop(1)
  object = await sealed()
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function sealed(): Promise<SealedObject> {
  const members = await Promise.all(
    [1, 2].map(async () => ({ hpkeKey: (await newHpkeKey()).publicKey, address: newSigningKey().address })),
  )
  const committee = newCommittee(2, members)
  const network = parseNetwork({ ...devnetDescription, committee })
  const signer = newSigningKey()
  const content = new Uint8Array(130 * 65_536).map((_, i) => (i * 7) >> 8)
  return sealFolder(memoryFolder(new Map([['adapter.bin', content]])), {
    policy: newPolicy(network, signer.address, { engines: 'any' }),
    ...{ committee, signer, stores, chainId: 31_337n, assets: network.addresses.assets, replicas: 1, chunkLog2: 16 },
  })
}

test('an object that one store holds is copied to the other, and outlives the first', async () => {
  await start(1)
  const [first, second] = stores.map((s) => s.id)
  const { manifestHash } = object
  expect(await objectHolders({ stores }, object.manifest)).toEqual({ manifestHash, holders: [first], stores: 2 })
  const progress: number[] = []
  const { replicas } = await replicateObject({ stores }, object.manifest, {
    onProgress: ({ store, doneBytes, totalBytes }) => void (store === second && progress.push(doneBytes / totalBytes)),
  })
  expect(replicas.map(({ store, kind, error }) => [store, kind, error])).toEqual([
    [first, 'held', null],
    [second, 'copied', null],
  ])
  expect(replicas.map((r) => r.sentBytes > 130 * 65_536)).toEqual([false, true])
  expect([progress.length, progress.at(-1)]).toEqual([4, 1])
  expect((await objectHolders({ stores }, object.manifest)).holders).toEqual([first, second])
  await stop(0)
  const left = stores.slice(1)
  const manifest = await fetchManifest(left, object.manifestHash)
  for await (const _ of openObject({ manifest, dek: object.dek, stores: left }));
})

test('a store that is down is named, and what is there stays as it is', async () => {
  expect(await objectHolders({ stores }, object.manifest)).toMatchObject({ holders: [stores[1]?.id] })
  expect(await kinds()).toEqual([
    ['lacking', 'content/store-unreachable'],
    ['held', null],
  ])
})

test('done again it sends nothing', async () => {
  await start(0)
  expect(await replicateObject({ stores }, object.manifest)).toMatchObject({
    replicas: [
      { kind: 'held', sentBytes: 0 },
      { kind: 'held', sentBytes: 0 },
    ],
  })
})

test('goes on where a copy broke off: only what is missing is sent', async () => {
  const [pack] = filesOf(1, 'packs')
  const [manifest] = filesOf(1, 'blobs').filter((file) => file.endsWith(object.manifestHash.slice(2)))
  if (pack === undefined || manifest === undefined) throw new Error('a pack and the manifest were expected')
  const { length } = readFileSync(pack)
  for (const file of [pack, manifest]) rmSync(file)
  const [, second] = (await replicateObject({ stores }, object.manifest)).replicas
  expect(second).toMatchObject({ kind: 'copied' })
  expect(second?.sentBytes).toBeLessThan(length + 2 ** 18)
  expect(await kinds()).toEqual([
    ['held', null],
    ['held', null],
  ])
})

/** Turns a bit in every byte of these files. */
const spoil = (files: readonly string[]): void => {
  for (const file of files)
    writeFileSync(
      file,
      readFileSync(file).map((b) => b ^ 1),
    )
}

test('a store that gives back other bytes than it signed for gets them anew', async () => {
  spoil(filesOf(0, 'packs'))
  const [first] = (await replicateObject({ stores }, object.manifest)).replicas
  expect(first).toMatchObject({ kind: 'copied', error: null })
  expect(first?.sentBytes).toBeGreaterThan(130 * 65_536)
  for await (const _ of openObject({ manifest: object.manifest, dek: object.dek, stores: stores.slice(0, 1) }));
  expect(await kinds()).toEqual([
    ['held', null],
    ['held', null],
  ])
})

test('where the only copy is spoiled, there is nothing to mend it from: content/no-replica', async () => {
  await stop(1)
  spoil(filesOf(0, 'packs'))
  const [first] = (await replicateObject({ stores }, object.manifest)).replicas
  expect(first).toMatchObject({ kind: 'lacking', error: { code: 'content/no-replica' } })
  spoil(filesOf(0, 'packs'))
  await start(1)
})

test('says that nobody has what nobody has: content/no-replica', async () => {
  const other = { ...object.manifest, leafTable: `0x${'ee'.repeat(32)}` }
  const { replicas } = await replicateObject({ stores }, parseManifest(other))
  expect(replicas.map((r) => r.error?.code)).toEqual(['content/no-replica', 'content/no-replica'])
})

test('stops where it is told to: content/aborted', async () => {
  await expect(replicateObject({ stores }, object.manifest, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'content/aborted',
  })
})

/** The files of a store's blobs of one kind. */
const filesOf = (index: number, kind: 'packs' | 'blobs'): readonly string[] =>
  readdirSync(join(folder, `store-${index}`, kind), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
