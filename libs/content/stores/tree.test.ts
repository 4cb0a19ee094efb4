import { beforeAll, describe, expect, it } from 'vitest'
import { folderOf, streamed, testBytes } from '../testing/fixtures.ts'
import { memoryFolder } from '../testing/memoryFolder.ts'
import { type MemoryStore, memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { treeHash as hashOf, type Tree, treeOf } from '../tree/tree.ts'
import { fetchTree } from './fetchTree.ts'
import { publishTree } from './publishTree.ts'
import type { Store, StoreFault } from './Store.ts'

const files = { 'config.json': testBytes(300), 'model.safetensors': testBytes(200_000), 'run.sh': testBytes(10) }
const folder = folderOf(files)
const path = (tree: Tree, name: string): string => `blobs/${tree.find((f) => f.path === name)?.sha256.slice(2)}`
const oneByteOff = (bytes: Uint8Array) => bytes.with(7, (bytes[7] ?? 0) ^ 1)
let stores: [MemoryStore, MemoryStore]
let published: Awaited<ReturnType<typeof publishTree>>

beforeAll(async () => {
  stores = [memoryStore(), memoryStore()]
  published = await publishTree(folder, stores)
})

/** A copy of a store with one blob changed. */
function changed(blob: string, bytes: Uint8Array): MemoryStore {
  const store = memoryStore()
  for (const [name, content] of stores[0].blobs) store.blobs.set(name, name === blob ? bytes : content)
  return store
}

describe('a public folder', () => {
  it('has the same hash on every device and comes back with its bits', async () => {
    expect(published.treeHash).toBe(hashOf(await treeOf(folder)))
    const sink = memoryFolder()
    expect(await fetchTree(stores, published.treeHash, sink)).toEqual(published.tree)
    expect([...sink.files.keys()]).toEqual(Object.keys(files))
    expect(sink.files.get('run.sh')?.entry.isExecutable).toBe(true)
    for (const [name, bytes] of Object.entries(files))
      expect(Buffer.compare(sink.files.get(name)?.bytes as Uint8Array, bytes)).toBe(0)
  })

  it('is not sent again where it is there already', async () => {
    let sent = 0
    const counted = stores.map(
      (s): Store => ({
        ...s,
        put(ref, body) {
          sent++
          return s.put(ref, body)
        },
      }),
    )
    await publishTree(folder, counted)
    // The tree document alone, to both.
    expect(sent).toBe(2)
  })

  it.each([
    ['is changed by one byte', oneByteOff(testBytes(200_000)), 'content/blob-mismatch'],
    ['is short', testBytes(199_999), 'content/short-read'],
    ['is long', testBytes(200_001), 'content/short-read'],
  ])('is taken from another store where a file %s, and the store is named', async (_, bytes, code) => {
    const liar = changed(path(published.tree, 'model.safetensors'), bytes)
    const faults: StoreFault[] = []
    const sink = memoryFolder()
    await fetchTree([liar, stores[1]], published.treeHash, sink, { onFault: (f) => void faults.push(f) })
    expect(faults.map((f) => [f.store, f.error.code])).toEqual([[liar.id, code]])
    expect(Buffer.compare(sink.files.get('model.safetensors')?.bytes as Uint8Array, files['model.safetensors'])).toBe(0)
    expect(sink.openCount()).toBe(0)
  })

  it('commits no file that no store has intact: content/no-replica', async () => {
    const liar = changed(path(published.tree, 'model.safetensors'), testBytes(200_000, 2))
    const sink = memoryFolder()
    expect(await codeOf(() => fetchTree([liar], published.treeHash, sink))).toBe('content/no-replica')
    expect([...sink.files.keys()]).toEqual(['config.json'])
    expect(sink.openCount()).toBe(0)
  })

  it('refuses a document that is not the hash’s', async () => {
    const liar = changed(`blobs/${published.treeHash.slice(2)}`, new Uint8Array(3))
    expect(await codeOf(() => fetchTree([liar], published.treeHash, memoryFolder()))).toBe('content/no-replica')
  })

  it('passes on what its sink throws', async () => {
    const sink = { open: () => Promise.reject(new Error('the disk is full')) }
    await expect(fetchTree(stores, published.treeHash, sink)).rejects.toThrow('the disk is full')
  })

  it('holds no file larger than stores take: content/blob-too-large', async () => {
    const large = {
      files: [{ path: 'a', sizeBytes: 2 ** 28 + 1, isExecutable: false }],
      read: () => streamed(new Uint8Array()),
    }
    expect(await codeOf(() => publishTree(large, stores))).toBe('content/blob-too-large')
  })

  it('is stored on as many stores as asked for: content/too-few-replicas', async () => {
    expect(await codeOf(() => publishTree(folder, [memoryStore()]))).toBe('content/too-few-replicas')
    expect(await codeOf(() => publishTree(folder, [memoryStore()], { replicas: 1 }))).toBeNull()
  })
})
