import { equalBytes } from '@allod/protocol'
import { beforeEach, expect, test } from 'vitest'
import { fail } from '../errors.ts'
import { manifestHash } from '../manifest.ts'
import { type SealedObject, sealStream } from '../seal/sealStream.ts'
import { collect, sealOptions, streamed, testBytes } from '../testing/fixtures.ts'
import { type MemoryStore, memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { copyObject } from './copyObject.ts'
import { openObject } from './openObject.ts'

const CHUNK = 65_536
const SEALED = CHUNK + 16
/** Two packs of chunks: 64 and 6. */
const content = testBytes(69 * CHUNK + 1000)

let good: MemoryStore
let object: SealedObject
beforeEach(async () => {
  good = memoryStore()
  object = await sealStream(() => streamed(content), await sealOptions([good]))
})

const isWholeIn = async (store: MemoryStore) =>
  equalBytes(await collect(openObject({ manifest: object.manifest, dek: object.dek, stores: [store] })), content)

/** The store, and the paths it was asked to take, in order. */
function watched(store: MemoryStore) {
  const puts: string[] = []
  const put: MemoryStore['put'] = (ref, body, options) => {
    puts.push(`${ref.kind} ${ref.digest}`)
    return store.put(ref, body, options)
  }
  return { puts, store: { ...store, put } }
}

test('a store that had nothing gives the whole object afterwards; the manifest is sent last', async () => {
  const { store: to, puts } = watched(memoryStore())
  const seen: number[] = []
  const { receipt, sentBytes } = await copyObject(object.manifest, {
    ...{ from: [good], to, onProgress: ({ doneBytes, totalBytes }) => seen.push(doneBytes / totalBytes) },
  })
  expect(await isWholeIn(to)).toBe(true)
  const hash = manifestHash(object.manifest)
  expect(receipt).toMatchObject({ digest: hash, by: { signer: to.id } })
  expect(puts.map((p) => p.split(' ')[0])).toEqual(['pack', 'pack', 'raw', 'raw'])
  expect(puts.at(-1)).toBe(`raw ${hash}`)
  expect([...to.blobs.keys()].sort()).toEqual([...good.blobs.keys()].sort())
  expect(sentBytes).toBe([...good.blobs.values()].reduce((sum, b) => sum + b.length, 0))
  expect([seen.length, seen.at(-1)]).toEqual([3, 1])
})

test('what is there is not sent again: a copy that broke off goes on, and one that is whole sends nothing', async () => {
  const { store: to, puts } = watched(memoryStore())
  const [first] = [...good.blobs].filter(([path]) => path.startsWith('packs/'))
  if (first === undefined) throw new Error('a pack was expected')
  to.blobs.set(...first)
  await copyObject(object.manifest, { from: [good], to })
  expect(puts.filter((p) => p.startsWith('pack'))).toHaveLength(1)
  expect(await copyObject(object.manifest, { from: [good], to })).toMatchObject({ sentBytes: 0 })
})

test('a store that has something else under those names gets anew what it spoiled, and only that', async () => {
  const { store: to, puts } = watched(memoryStore())
  const packs = [...good.blobs.keys()].filter((path) => path.startsWith('packs/'))
  const [spoiled] = packs
  for (const [path, bytes] of good.blobs) to.blobs.set(path, path === spoiled ? bytes.map((b) => b ^ 1) : bytes)
  expect(await copyObject(object.manifest, { from: [good], to })).toMatchObject({ sentBytes: 0 })
  expect(await isWholeIn(to).catch(() => false)).toBe(false)
  puts.length = 0
  const { sentBytes } = await copyObject(object.manifest, { from: [good], to, isSuspect: true })
  expect(sentBytes).toBe(good.blobs.get(spoiled as string)?.length)
  expect(puts.filter((p) => p.startsWith('pack'))).toHaveLength(1)
  expect(await isWholeIn(to)).toBe(true)
})

test('a store that does not give back what it says it has is told so, and sent nothing', async () => {
  const to = memoryStore()
  for (const [path, bytes] of good.blobs) to.blobs.set(path, bytes)
  const { puts, store } = watched(to)
  const get: MemoryStore['get'] = () => {
    throw fail('store-unreachable')
  }
  const silent = { ...store, get }
  expect(await codeOf(() => copyObject(object.manifest, { from: [good], to: silent, isSuspect: true }))).toBe(
    'content/store-unreachable',
  )
  expect(puts).toEqual([])
})

test('a source that lies is named and passed over', async () => {
  const liar = memoryStore()
  for (const [path, bytes] of good.blobs)
    liar.blobs.set(path, path.startsWith('packs/') ? bytes.map((b, i) => (i === 3 * SEALED ? b ^ 1 : b)) : bytes)
  const to = memoryStore()
  const faults: unknown[] = []
  await copyObject(object.manifest, {
    ...{ from: [liar, good], to, onFault: ({ store, error }) => faults.push([store, error.code]) },
  })
  expect(faults).toContainEqual([liar.id, 'content/chunk-mismatch'])
  expect(await isWholeIn(to)).toBe(true)
})

test('nothing is sent that no source has intact: content/no-replica, and no manifest', async () => {
  for (const [path, bytes] of good.blobs)
    if (path.startsWith('packs/'))
      good.blobs.set(
        path,
        bytes.map((b) => b ^ 1),
      )
  const to = memoryStore()
  expect(await codeOf(() => copyObject(object.manifest, { from: [good], to }))).toBe('content/no-replica')
  expect(to.blobs.size).toBe(0)
  expect(await codeOf(() => copyObject(object.manifest, { from: [], to }))).toBe('content/no-replica')
})

test('a store that signs for something else is not believed: content/bad-receipt', async () => {
  const to = memoryStore()
  const put: MemoryStore['put'] = async (ref, body) => ({ ...(await to.put(ref, body)), sizeBytes: 1 })
  expect(await codeOf(() => copyObject(object.manifest, { from: [good], to: { ...to, put } }))).toBe(
    'content/bad-receipt',
  )
})

test('stops where it is told to, before the manifest: content/aborted', async () => {
  const stop = new AbortController()
  const to = memoryStore()
  const onProgress = () => stop.abort()
  expect(await codeOf(() => copyObject(object.manifest, { from: [good], to, signal: stop.signal, onProgress }))).toBe(
    'content/aborted',
  )
  expect([...to.blobs.keys()].map((p) => p.split('/')[0])).toEqual(['packs'])
})
