import { toHex } from '@allod/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { rawRef } from '../blob.ts'
import { newLeafList } from '../seal/leafList.ts'
import { type SealedObject, sealStream } from '../seal/sealStream.ts'
import type { Store, StoreFault } from '../stores/Store.ts'
import { collect, sealOptions, streamed, testBytes } from '../testing/fixtures.ts'
import { type MemoryStore, memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { fetchLeafTable } from './leafTable.ts'

/** Three packs of 64 chunks, the last of them with one. */
const CONTENT_BYTES = 129 * 65_536
const PACKS = [0, 1, 2]

let object: SealedObject
let stored: Uint8Array
let store: MemoryStore
beforeAll(async () => {
  store = memoryStore()
  object = await sealStream(() => streamed(testBytes(CONTENT_BYTES)), await sealOptions([store]))
  stored = await collect(store.get(rawRef(object.manifest.leafTable)))
})

const leavesOf = (pack: number): string => toHex(stored.slice(pack * 64 * 32, (pack + 1) * 64 * 32))

/** The store, that notes which ranges of the table were asked for, and changes a byte of each range if it lies. */
function watched(isLying = false): Store & { readonly ranges: number[] } {
  const ranges: number[] = []
  return {
    ...store,
    id: isLying ? `0x${'11'.repeat(20)}` : store.id,
    ranges,
    async *get(ref, options) {
      const isPart = ref.kind === 'raw' && options?.range !== undefined
      if (isPart) ranges.push((options?.range?.start ?? 0) / 2048)
      for await (const piece of store.get(ref, options)) {
        const given = piece.slice()
        if (isPart && isLying) given[5] = (given[5] as number) ^ 1
        yield given
      }
    },
  }
}

describe('a leaf table', () => {
  it('is fetched once where its packs’ leaves fit into memory', async () => {
    const asked = watched()
    const table = await fetchLeafTable(object.manifest, [asked], {})
    for (const pack of PACKS) expect(toHex(await table.leavesOf(pack))).toBe(leavesOf(pack))
    expect(asked.ranges).toEqual([])
  })

  it('gives leaves that do not fit by reading them again, the ones asked for last being kept', async () => {
    const asked = watched()
    const table = await fetchLeafTable(object.manifest, [asked], { keptPacks: 1 })
    for (const pack of [0, 1, 1, 0, 2, 2]) expect(toHex(await table.leavesOf(pack))).toBe(leavesOf(pack))
    expect(asked.ranges).toEqual([1, 0, 2])
  })

  it('holds what is read again against the pack’s name, and then asks the store that told the truth', async () => {
    const [liar, honest] = [watched(true), watched()]
    const faults: StoreFault[] = []
    const onFault = (fault: StoreFault): void => void faults.push(fault)
    const table = await fetchLeafTable(object.manifest, [liar, honest], { keptPacks: 0, onFault })
    for (const pack of PACKS) expect(toHex(await table.leavesOf(pack))).toBe(leavesOf(pack))
    expect(faults.map(({ store, error }) => [store, error.code])).toEqual([[liar.id, 'content/blob-mismatch']])
    expect([liar.ranges, honest.ranges]).toEqual([[0], [0, 1, 2]])
  })

  it('is refused where every store lies about leaves that are read again: content/no-replica', async () => {
    const table = await fetchLeafTable(object.manifest, [watched(true)], { keptPacks: 0 })
    expect(await codeOf(() => table.leavesOf(1))).toBe('content/no-replica')
  })

  it('is refused where the manifest names bytes that are a part of it: content/leaf-table-mismatch', async () => {
    const part = stored.slice(0, -32)
    const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', part)))
    await store.put(rawRef(digest), { sizeBytes: part.length, chunkBytes: 0, pieces: () => [part] })
    const manifest = { ...object.manifest, leafTable: digest }
    expect(await codeOf(() => fetchLeafTable(manifest, [store], {}))).toBe('content/leaf-table-mismatch')
  })
})

describe('leaves in memory', () => {
  it('come back as they were added, and do not change with what comes after', async () => {
    const list = newLeafList()
    await list.append(testBytes(96))
    const part = await list.leaves(1, 3)
    await list.append(testBytes(32, 2))
    expect(toHex(part)).toBe(toHex(testBytes(96).slice(32)))
    expect(toHex(await list.leaves(2, 4))).toBe(toHex(Buffer.concat([testBytes(96).slice(64), testBytes(32, 2)])))
  })
})
