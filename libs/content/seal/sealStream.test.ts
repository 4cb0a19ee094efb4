import { committeeId, fromHex, newCommittee, Secret, toHex } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import type { BlobRef } from '../blob.ts'
import { fail } from '../errors.ts'
import { parseHeader } from '../header.ts'
import { manifestHash, manifestObjectId, requireManifest } from '../manifest.ts'
import { openMetadata } from '../metadata.ts'
import { openFolder } from '../open/openFolder.ts'
import { openObject } from '../open/openObject.ts'
import type { Store } from '../stores/Store.ts'
import { collect, folderOf, sealOptions, streamed, testBytes } from '../testing/fixtures.ts'
import { memoryFolder } from '../testing/memoryFolder.ts'
import { memoryJournal } from '../testing/memoryJournal.ts'
import { type MemoryStore, memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { sealFolder } from './sealFolder.ts'
import { type SealedObject, sealStream } from './sealStream.ts'

const PACK = 64 * 65_536
const twoStores = (): [MemoryStore, MemoryStore] => [memoryStore(), memoryStore()]
const read = ({ manifest, dek }: SealedObject, stores: readonly Store[]) =>
  collect(openObject({ manifest, dek, stores }))

/** A store that fails after so many puts. */
const failingAfter = (store: MemoryStore, puts: number, error: unknown): MemoryStore => {
  let left = puts
  return { ...store, put: async (...args) => (left-- > 0 ? store.put(...args) : Promise.reject(error)) }
}
const recorded =
  (store: Store, seen: (ref: BlobRef) => void): Store['put'] =>
  (ref, body) => {
    seen(ref)
    return store.put(ref, body)
  }

const unreachable = () => fail('store-unreachable')

describe('sealStream', () => {
  it('names owner and policy in the id, and signs', async () => {
    const stores = twoStores()
    const options = await sealOptions(stores)
    const object = await sealStream(() => streamed(testBytes(100)), options)
    expect(manifestObjectId(object.manifest)).toBe(object.objectId)
    expect(manifestHash(object.manifest)).toBe(object.manifestHash)
    requireManifest(object.manifest, { objectId: object.objectId })
    expect(object.receipts.map((r) => r.by.signer)).toEqual(stores.map((s) => s.id))
    expect(object.receipts[0]?.digest).toBe(object.manifestHash)
  })

  it('uses a fresh key and salt each time, so that equal contents look unrelated', async () => {
    const options = await sealOptions(twoStores())
    const [a, b] = [
      await sealStream(() => streamed(testBytes(100)), options),
      await sealStream(() => streamed(testBytes(100)), options),
    ]
    expect(toHex(a.dek.expose())).not.toBe(toHex(b.dek.expose()))
    expect(a.manifest.leafTable).not.toBe(b.manifest.leafTable)
    expect(a.objectId).not.toBe(b.objectId)
  })

  it('stores no plaintext and no key', async () => {
    const stores = twoStores()
    const content = new TextEncoder().encode('the patient has '.repeat(5000))
    const { dek } = await sealStream(
      () => streamed(content),
      await sealOptions(stores, { metadata: { name: 'patients' } }),
    )
    for (const blob of stores[0].blobs.values()) {
      expect(Buffer.from(blob).includes('patient')).toBe(false)
      expect(Buffer.from(blob).includes(Buffer.from(dek.expose()))).toBe(false)
      expect(Buffer.from(blob).includes(toHex(dek.expose()).slice(2))).toBe(false)
    }
  })

  it('lets those who open it read its metadata', async () => {
    const { manifest, dek } = await sealStream(
      () => streamed(testBytes(1)),
      await sealOptions(twoStores(), { metadata: { name: 'a model', files: 3 } }),
    )
    expect(await openMetadata(manifest, dek)).toEqual({ name: 'a model', files: 3 })
  })

  it('sends the manifest last', async () => {
    const sent: string[] = []
    const store = memoryStore()
    const watched: Store = { ...store, put: recorded(store, (ref) => sent.push(ref.digest)) }
    const object = await sealStream(() => streamed(testBytes(3 * PACK)), await sealOptions([watched]))
    expect(sent).toHaveLength(5)
    expect(sent.at(-1)).toBe(object.manifestHash)
    expect(sent.at(-2)).toBe(object.manifest.leafTable)
  })

  it('hides the length of padded content', async () => {
    const lengths = await Promise.all(
      [1, 5000, 60_000].map(async (length) => {
        const folder = folderOf({ 'rows.jsonl': testBytes(length) })
        const { manifest } = await sealFolder(folder, await sealOptions(twoStores(), { isPadded: true }))
        return parseHeader(fromHex(manifest.header)).lengthBytes
      }),
    )
    expect(new Set(lengths)).toEqual(new Set([65_536]))
  })

  it('brings a padded folder back as it was', async () => {
    const stores = twoStores()
    const files = { 'a.txt': testBytes(100_000), 'b/run.sh': testBytes(3, 2), empty: new Uint8Array() }
    const { manifest, dek } = await sealFolder(folderOf(files), await sealOptions(stores, { isPadded: true }))
    const folder = memoryFolder()
    await openFolder({ manifest, dek, stores }, folder)
    expect([...folder.files.keys()]).toEqual(Object.keys(files))
    expect(folder.files.get('b/run.sh')?.entry.isExecutable).toBe(true)
    for (const [path, bytes] of Object.entries(files))
      expect(Buffer.compare(folder.files.get(path)?.bytes as Uint8Array, bytes)).toBe(0)
  })

  it('joins many tiny pieces', async () => {
    const stores = twoStores()
    const content = testBytes(70_000)
    const object = await sealStream(() => streamed(content, 7), await sealOptions(stores))
    expect(Buffer.compare(await read(object, stores), content)).toBe(0)
  })

  it('tells how far it is', async () => {
    const seen: number[] = []
    const onProgress = ({ sealedBytes }: { sealedBytes: number }) => void seen.push(sealedBytes)
    await sealStream(() => streamed(testBytes(150_000)), await sealOptions(twoStores(), { onProgress }))
    expect(seen).toEqual([65_536, 131_072, 150_000])
  })

  it('refuses a committee that the policy does not name, or of which one opens: content/bad-committee', async () => {
    const options = await sealOptions(twoStores())
    const seal = (more: object) => codeOf(() => sealStream(() => streamed(testBytes(1)), { ...options, ...more }))
    const fewer = newCommittee(2, options.committee.members.slice(1))
    expect(await seal({ committee: fewer })).toBe('content/bad-committee')
    const one = { ...options.committee, t: 1 }
    expect(await seal({ committee: one, policy: { ...options.policy, committee: committeeId(one) } })).toBe(
      'content/bad-committee',
    )
  })

  it('passes on what its source throws', async () => {
    async function* broken() {
      yield testBytes(10)
      throw new Error('the disk is gone')
    }
    await expect(sealStream(broken, await sealOptions(twoStores()))).rejects.toThrow('the disk is gone')
  })

  it('stops when it is told to: content/aborted', async () => {
    const stop = new AbortController()
    const onProgress = () => stop.abort()
    const options = await sealOptions(twoStores(), { signal: stop.signal, onProgress })
    expect(await codeOf(() => sealStream(() => streamed(testBytes(200_000)), options))).toBe('content/aborted')
  })
})

describe('replicas', () => {
  const content = testBytes(3 * PACK)

  it('goes on without a store that dies, while enough are left', async () => {
    const stores = [memoryStore(), memoryStore(), failingAfter(memoryStore(), 1, unreachable())]
    const faults: string[] = []
    const onFault = (f: { store: string }) => void faults.push(f.store)
    const object = await sealStream(() => streamed(content), await sealOptions(stores, { replicas: 2, onFault }))
    expect(object.receipts).toHaveLength(2)
    expect(object.faults.map((f) => f.store)).toEqual([stores[2]?.id])
    expect(faults).toEqual([stores[2]?.id])
    expect(Buffer.compare(await read(object, stores.slice(0, 1)), content)).toBe(0)
  })

  it.each([0, 1, 3, 4])('fails where too few are left after %d blobs: content/too-few-replicas', async (puts) => {
    const broken = failingAfter(memoryStore(), puts, unreachable())
    const options = await sealOptions([memoryStore(), broken])
    const sealing = sealStream(() => streamed(content), options)
    await expect(sealing).rejects.toMatchObject({
      code: 'content/too-few-replicas',
      meta: { expected: 2, actual: 1, faults: [{ store: broken.id, code: 'content/store-unreachable' }] },
    })
  })

  it('does not count a store whose receipt is by another key, or for another blob', async () => {
    const liar = memoryStore()
    const [honest, stranger] = twoStores()
    const strangers: Store = { ...liar, put: stranger.put }
    const wrong: Store = { ...liar, put: async (ref, body) => ({ ...(await liar.put(ref, body)), sizeBytes: 1 }) }
    for (const store of [strangers, wrong]) {
      const sealing = sealStream(() => streamed(testBytes(10)), await sealOptions([honest, store]))
      await expect(sealing).rejects.toMatchObject({
        code: 'content/too-few-replicas',
        meta: { faults: [{ store: liar.id, code: 'content/bad-receipt' }] },
      })
    }
  })

  it('does not take a fault of its own for a store’s', async () => {
    const broken = failingAfter(memoryStore(), 0, new TypeError('a bug'))
    const options = await sealOptions([memoryStore(), broken])
    await expect(sealStream(() => streamed(testBytes(10)), options)).rejects.toThrow('a bug')
  })
})

describe('journal', () => {
  const content = testBytes(3 * PACK + 100)
  const crash = new Error('the machine went down')
  const source = (bytes: Uint8Array, end: number) =>
    async function* () {
      yield* streamed(bytes.subarray(0, end))
      if (end < bytes.length) throw crash
    }

  it('lets a crashed sealing go on, sending only what was not sent', async () => {
    const [journal, stores] = [memoryJournal(), twoStores()]
    const options = await sealOptions(stores, { journal })
    await expect(sealStream(source(content, 2 * PACK + 70_000), options)).rejects.toThrow(crash)
    expect(journal.leafCount()).toBe(128)
    const before = journal.key()
    const sent: string[] = []
    const watched = stores.map((s): Store => ({ ...s, put: recorded(s, (ref) => sent.push(ref.kind)) }))
    const object = await sealStream(source(content, content.length), { ...options, stores: watched })
    expect(sent.filter((kind) => kind === 'pack')).toHaveLength(2 * 2)
    expect(toHex(object.dek.expose())).toBe(before)
    expect(Buffer.compare(await read(object, stores), content)).toBe(0)
    expect(await journal.load()).toBeNull()
  })

  it('starts over under a new key where the source changed', async () => {
    const [journal, stores] = [memoryJournal(), twoStores()]
    const options = await sealOptions(stores, { journal })
    await expect(sealStream(source(content, 2 * PACK + 70_000), options)).rejects.toThrow(crash)
    const before = journal.key()
    const changed = Uint8Array.from(content)
    changed[70_000] = (changed[70_000] as number) ^ 1
    const object = await sealStream(source(changed, changed.length), options)
    expect(toHex(object.dek.expose())).not.toBe(before)
    expect(Buffer.compare(await read(object, stores), changed)).toBe(0)
  })

  it('starts over where the source became shorter or longer: the last flag is part of the leaf', async () => {
    for (const length of [PACK, PACK - 65_536, PACK - 10]) {
      const [journal, stores] = [memoryJournal(), twoStores()]
      const options = await sealOptions(stores, { journal })
      await expect(sealStream(source(content, 2 * PACK), options)).rejects.toThrow(crash)
      const before = journal.key()
      const object = await sealStream(source(content.subarray(0, length), length), options)
      expect(toHex(object.dek.expose())).not.toBe(before)
      expect(Buffer.compare(await read(object, stores), content.subarray(0, length))).toBe(0)
    }
  })

  it('starts over where it is to cut otherwise', async () => {
    const [journal, stores] = [memoryJournal(), twoStores()]
    const options = await sealOptions(stores, { journal })
    await expect(sealStream(source(content, 2 * PACK), options)).rejects.toThrow(crash)
    const before = journal.key()
    const object = await sealStream(source(content, content.length), { ...options, chunkLog2: 17 })
    expect(toHex(object.dek.expose())).not.toBe(before)
  })

  it('holds every leaf before its chunk is sent', async () => {
    const journal = memoryJournal()
    const store = memoryStore()
    const early: number[] = []
    let packs = 0
    const watched: Store = {
      ...store,
      put(ref, body) {
        if (ref.kind === 'pack') early.push(journal.leafCount() - Math.min(64 * ++packs, 193))
        return store.put(ref, body)
      },
    }
    await sealStream(source(content, content.length), await sealOptions([watched], { journal }))
    expect(early).toHaveLength(4)
    expect(Math.min(...early)).toBeGreaterThanOrEqual(0)
  })

  it('is not used where none is given, as in enclaves', async () => {
    const object = await sealStream(source(content, content.length), await sealOptions(twoStores()))
    expect(object.dek).toBeInstanceOf(Secret)
  })
})
