import { Secret } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { type ChunkCipher, newChunkCipher } from '../chunkCipher.ts'
import { chunksPerPackOf } from '../layout.ts'
import { objectKeys } from '../objectKeys.ts'
import { newReplicas } from '../stores/replicas.ts'
import type { Store } from '../stores/Store.ts'
import { collect, streamed, testBytes } from '../testing/fixtures.ts'
import { memoryJournal } from '../testing/memoryJournal.ts'
import { memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { cutChunks } from './chunks.ts'
import { newLeafList } from './leafList.ts'
import { newPackWriter } from './packWriter.ts'

const CHUNK = 65_536

async function newCipher(): Promise<ChunkCipher> {
  const keys = await objectKeys(new Secret(new Uint8Array(32)), new Uint8Array(32))
  const start = { chunkLog2: 16, isPadded: false, salt: new Uint8Array(32), keyCommitment: keys.keyCommitment }
  return newChunkCipher(keys, start)
}

/** Writes content to one store, held against what was journaled. */
async function write(content: Uint8Array, journaled: Uint8Array) {
  const [store, list, cipher] = [memoryStore(), memoryJournal(), await newCipher()]
  await list.append(journaled)
  const recorded = list.leafCount()
  const replicas = newReplicas([store], { replicas: 1 })
  const writer = newPackWriter({ chunkLog2: 16, cipher, replicas, list, recorded })
  const writing = (async () => {
    for await (const chunk of cutChunks(streamed(content), CHUNK)) await writer.add(chunk)
    const { body } = await writer.finish()
    return collect(body.pieces() as AsyncIterable<Uint8Array>)
  })()
  return { store, list, recorded, writing }
}

describe('cutChunks', () => {
  it('releases each piece once, and not before the chunk with its last byte was dealt with', async () => {
    const pieces = [10, 300, 5, 100, 85, 1, 99, 200].map((length) => testBytes(length))
    const source = (async function* () {
      yield* pieces
    })()
    const released: Uint8Array[] = []
    const chunks: Uint8Array[] = []
    for await (const chunk of cutChunks(source, 100, (piece) => void released.push(piece.fill(0)))) {
      expect(chunk.sizeBytes).toBe(100)
      chunks.push(Buffer.concat(chunk.pieces))
    }
    const content = Buffer.concat([10, 300, 5, 100, 85, 1, 99, 200].map((length) => testBytes(length)))
    expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0)
    expect(released).toEqual(pieces.slice(0, released.length))
    expect(released.length).toBeGreaterThan(5)
  })
})

describe('packWriter', () => {
  it('sends nothing of a pack in which a chunk differs from the journal: content/source-changed', async () => {
    const { writing } = await write(testBytes(200_000), new Uint8Array())
    const changed = testBytes(200_000)
    changed[150_000] = (changed[150_000] as number) ^ 1
    const again = await write(changed, await writing)
    await expect(again.writing).rejects.toMatchObject({ code: 'content/source-changed', meta: { chunk: 2 } })
    expect(again.store.blobs.size).toBe(0)
  })

  it('journals only the leaves that the journal does not have', async () => {
    const first = await write(testBytes(200_000), new Uint8Array())
    const leaves = await first.writing
    const second = await write(testBytes(200_000), leaves.subarray(0, 64))
    expect(Buffer.compare(await second.writing, leaves)).toBe(0)
    expect([first, second].map(({ list, recorded }) => list.leafCount() - recorded)).toEqual([4, 2])
  })

  it('takes the whole of a journal that fits', async () => {
    const { writing } = await write(testBytes(10), new Uint8Array())
    const leaves = await writing
    expect(await codeOf(async () => (await write(testBytes(10), leaves)).writing)).toBeNull()
  })

  it('sends a pack to every store while half of the next one is filled, from a pool of one and a half', async () => {
    const perPack = chunksPerPackOf({ chunkLog2: 16 })
    const pool = perPack + perPack / 2
    const [stores, isFilled] = [[memoryStore(), memoryStore()], Promise.withResolvers<void>()]
    const asked: string[] = []
    const waiting = (store: Store): Store => ({
      ...store,
      async put(...put) {
        asked.push(store.id)
        await isFilled.promise
        return store.put(...put)
      },
    })
    const buffers = new Set<unknown>()
    let sealed = 0
    const cipher = await newCipher()
    const counted: ChunkCipher = {
      ...cipher,
      async seal(index, isLast, pieces, out) {
        buffers.add(out.buffer)
        await cipher.seal(index, isLast, pieces, out)
        if (++sealed !== pool) return
        // Both stores are at the first pack still.
        expect([asked, stores.map((store) => store.blobs.size)]).toEqual([stores.map((store) => store.id), [0, 0]])
        isFilled.resolve()
      },
    }
    const replicas = newReplicas(stores.map(waiting), { replicas: 2 })
    const options = { chunkLog2: 16, cipher: counted, replicas, list: newLeafList(), recorded: 0 }
    const writer = newPackWriter(options)
    for await (const chunk of cutChunks(streamed(testBytes(2 * perPack * CHUNK)), CHUNK)) await writer.add(chunk)
    await writer.finish()
    expect(stores.map((store) => store.blobs.size)).toEqual([2, 2])
    expect(buffers.size).toBe(pool)
  })
})
