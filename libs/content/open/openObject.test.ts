import { fromHex, type Hex, isAllodError, type Secret, toHex } from '@allod/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { fail } from '../errors.ts'
import { HEADER_BYTES } from '../header.ts'
import { type Manifest, requireManifest } from '../manifest.ts'
import { type SealedObject, sealStream } from '../seal/sealStream.ts'
import type { Store, StoreFault } from '../stores/Store.ts'
import { collect, sealOptions, streamed, testBytes } from '../testing/fixtures.ts'
import { type MemoryStore, memoryStore } from '../testing/memoryStore.ts'
import { codeOf } from '../testing/vectors.ts'
import { fetchManifest } from './fetchManifest.ts'
import { openObject } from './openObject.ts'
import { openRange } from './openRange.ts'
import { readBack } from './readBack.ts'

const CHUNK = 65_536
const SEALED = CHUNK + 16
const content = testBytes(70 * CHUNK + 1000)
let object: SealedObject
let good: MemoryStore

beforeAll(async () => {
  good = memoryStore()
  object = await sealStream(() => streamed(content), await sealOptions([good]))
})

/** A copy of the good store in which every pack was changed. */
function broken(change: (pack: Uint8Array) => Uint8Array): MemoryStore {
  const store = memoryStore()
  for (const [path, bytes] of good.blobs)
    store.blobs.set(path, path.startsWith('packs') ? change(Uint8Array.from(bytes)) : bytes)
  return store
}

const flipped = (at: number) => (pack: Uint8Array) => {
  pack[at] = (pack[at] as number) ^ 1
  return pack
}
const swapped = (pack: Uint8Array) => {
  if (pack.length < 2 * SEALED) return pack
  const first = pack.slice(0, SEALED)
  pack.copyWithin(0, SEALED, 2 * SEALED)
  pack.set(first, SEALED)
  return pack
}
const opened = (stores: readonly Store[], more = {}) => {
  const { manifest, dek } = object
  return openObject({ manifest, dek, stores, ...more })
}
const silent = (store: MemoryStore): Store => ({
  ...store,
  // biome-ignore lint/correctness/useYield: it fails before it yields
  async *get() {
    throw fail('store-unreachable')
  },
})

describe('openObject', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 3 * CHUNK, 64 * CHUNK, 64 * CHUNK + 1])(
    'returns what was sealed, %i bytes',
    async (length) => {
      const stores = [memoryStore(), memoryStore()]
      const bytes = testBytes(length)
      const sealed = await sealStream(() => streamed(bytes), await sealOptions(stores))
      const manifest = await fetchManifest(stores, sealed.manifestHash)
      requireManifest(manifest, sealed)
      expect(fromHex(manifest.header).length).toBe(HEADER_BYTES)
      expect(Buffer.compare(await collect(openObject({ manifest, dek: sealed.dek, stores })), bytes)).toBe(0)
    },
  )

  it('tells how far it is', async () => {
    const seen: number[] = []
    const onProgress = (p: { openedBytes: number; totalBytes: number }) => void seen.push(p.openedBytes, p.totalBytes)
    await collect(opened([good], { onProgress }))
    expect(seen.slice(0, 2)).toEqual([CHUNK, content.length])
    expect(seen.slice(-2)).toEqual([content.length, content.length])
  })

  it('frees chunks only for those who keep none', async () => {
    const kept: Uint8Array[] = []
    for await (const chunk of opened([good])) kept.push(chunk)
    expect(Buffer.compare(Buffer.concat(kept), content)).toBe(0)
    const gone: Uint8Array[] = []
    for await (const chunk of opened([good], { isTransient: true })) gone.push(chunk)
    expect(gone.every((chunk) => chunk.length === 0)).toBe(true)
  })

  it('refuses another key: content/wrong-key', async () => {
    const other = await sealStream(() => streamed(content.subarray(0, 9)), await sealOptions([good]))
    expect(await codeOf(() => collect(openObject({ ...object, dek: other.dek, stores: [good] })))).toBe(
      'content/wrong-key',
    )
  })

  it('refuses a leaf table that does not lead to the root: content/leaf-table-mismatch', async () => {
    const other = await sealStream(() => streamed(content), await sealOptions([good]))
    const manifest: Manifest = { ...object.manifest, leafTable: other.manifest.leafTable }
    expect(await codeOf(() => collect(openObject({ manifest, dek: object.dek, stores: [good] })))).toBe(
      'content/leaf-table-mismatch',
    )
  })

  it('stops when it is told to: content/aborted', async () => {
    const stop = new AbortController()
    const reading = async () => {
      for await (const _ of opened([good], { signal: stop.signal })) stop.abort()
    }
    expect(await codeOf(reading)).toBe('content/aborted')
  })

  it('reads four spans ahead at once, and no more', async () => {
    // One chunk first, then a span per pack.
    const packs = 6
    const [store, bytes, four] = [memoryStore(), testBytes(packs * 64 * CHUNK), Promise.withResolvers<void>()]
    const sealed = await sealStream(() => streamed(bytes), await sealOptions([store]))
    let [underWay, most] = [0, 0]
    const waiting: Store = {
      ...store,
      async *get(ref, options) {
        if (ref.kind !== 'pack') return yield* store.get(ref, options)
        most = Math.max(most, ++underWay)
        if (underWay === 4) four.resolve()
        await four.promise
        yield* store.get(ref, options)
        underWay--
      },
    }
    const { manifest, dek } = sealed
    expect(Buffer.compare(await collect(openObject({ manifest, dek, stores: [waiting] })), bytes)).toBe(0)
    expect([most, underWay]).toEqual([4, 0])
  })

  it('ends its requests when its reader stops early', async () => {
    const signals: AbortSignal[] = []
    const watched: Store = {
      ...good,
      get(ref, options = {}) {
        if (options.signal) signals.push(options.signal)
        return good.get(ref, options)
      },
    }
    for await (const _ of opened([watched])) break
    expect(signals.length).toBeGreaterThan(1)
    expect(signals.every((s) => s.aborted)).toBe(true)
  })
})

describe('a store that lies', () => {
  const lies: readonly (readonly [string, (pack: Uint8Array) => Uint8Array, string])[] = [
    ['flips a bit of a chunk', flipped(100), 'content/chunk-mismatch'],
    ['flips a bit of a tag', flipped(SEALED - 1), 'content/chunk-mismatch'],
    ['swaps two chunks', swapped, 'content/chunk-mismatch'],
    ['repeats a chunk', (pack) => pack.copyWithin(SEALED, 0, SEALED), 'content/chunk-mismatch'],
    ['cuts a pack', (pack) => pack.subarray(0, -1), 'content/short-read'],
    ['sends nothing', () => new Uint8Array(), 'content/short-read'],
  ]

  it.each(lies)('and %s is found out, named, and done without', async (_, change, code) => {
    const liar = broken(change)
    const faults: StoreFault[] = []
    const onFault = (fault: StoreFault) => void faults.push(fault)
    expect(Buffer.compare(await collect(opened([liar, good], { onFault })), content)).toBe(0)
    expect(faults[0]?.store).toBe(liar.id)
    expect(faults.map((f) => f.error.code)).toContain(code)
  })

  it.each(lies)('and %s, alone, releases nothing false: content/no-replica', async (_, change, code) => {
    const liar = broken(change)
    let released = 0
    const error = await (async () => {
      for await (const chunk of opened([liar])) {
        expect(Buffer.compare(chunk, content.subarray(released, released + chunk.length))).toBe(0)
        released += chunk.length
      }
    })().catch((e: unknown) => e)
    expect(isAllodError(error, 'content/no-replica')).toBe(true)
    expect(error).toMatchObject({ meta: { faults: [{ store: liar.id, code }] } })
  })

  it('by sending more than asked is found out', async () => {
    const generous: Store = {
      ...good,
      async *get(ref, options) {
        yield* good.get(ref, options)
        yield new Uint8Array(1)
      },
    }
    await expect(collect(opened([generous]))).rejects.toMatchObject({ code: 'content/no-replica' })
    expect(Buffer.compare(await collect(opened([generous, good])), content)).toBe(0)
  })

  const endings: readonly (readonly [string, () => Generator<Uint8Array>])[] = [
    [
      'sends a byte more',
      function* () {
        yield new Uint8Array(1)
      },
    ],
    [
      'breaks off',
      // biome-ignore lint/correctness/useYield: a stream that ends in an error instead of bytes
      function* () {
        throw fail('store-unreachable')
      },
    ],
  ]

  it.each(endings)('and %s after all that was asked for is named, and keeps nobody from it', async (_, ending) => {
    const liar: Store = {
      ...broken((pack) => pack),
      async *get(ref, options) {
        yield* good.get(ref, options)
        if (ref.kind === 'pack') yield* ending()
      },
    }
    for (const stores of [[liar, good], [good, liar], [liar]]) {
      const faults = new Set<Hex>()
      const onFault = (fault: StoreFault) => void faults.add(fault.store)
      expect(Buffer.compare(await collect(opened(stores, { onFault })), content)).toBe(0)
      expect([...faults]).toEqual([liar.id])
    }
  })

  it('is not what a store is that a reader left before it was done', async () => {
    const left = Promise.withResolvers<void>()
    const slow: Store = {
      ...good,
      async *get(ref, options) {
        yield* good.get(ref, options)
        // Read ahead: all chunks are there, and the end is not.
        if (ref.kind !== 'pack' || options?.range?.start === 0) return
        const { signal } = options ?? {}
        if (signal?.aborted === false)
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        setImmediate(left.resolve)
        throw fail('aborted')
      },
    }
    const faults: StoreFault[] = []
    for await (const _ of opened([slow], { onFault: (fault: StoreFault) => void faults.push(fault) })) break
    await left.promise
    expect(faults).toEqual([])
  })

  it('about the leaf table is found out', async () => {
    const liar = memoryStore()
    for (const [path, bytes] of good.blobs)
      liar.blobs.set(path, path.startsWith('packs') ? bytes : flipped(0)(Uint8Array.from(bytes)))
    const faults: StoreFault[] = []
    await collect(opened([liar, good], { onFault: (f: StoreFault) => void faults.push(f) }))
    expect(faults.map((f) => [f.store, f.error.code])).toEqual([[liar.id, 'content/blob-mismatch']])
  })

  it('is asked last from then on', async () => {
    const liar = broken(flipped(0))
    let asked = 0
    const counted: Store = {
      ...liar,
      get(ref, options) {
        asked++
        return liar.get(ref, options)
      },
    }
    await collect(opened([counted, good]))
    // The leaf table, and the requests that were under way when the lie came to light.
    expect(asked).toBeLessThanOrEqual(4)
  })

  it('or is down can be any one of two', async () => {
    expect(Buffer.compare(await collect(opened([silent(good), good])), content)).toBe(0)
    expect(Buffer.compare(await collect(opened([good, silent(memoryStore())])), content)).toBe(0)
    expect(await codeOf(() => collect(opened([silent(good), memoryStore()])))).toBe('content/no-replica')
  })

  it('in halves is mended from both', async () => {
    const half = (from: number, to: number) =>
      broken((pack) => pack.fill(0, from * SEALED, Math.min(to * SEALED, pack.length)))
    const stores = [half(0, 5), half(5, 64)]
    const prefix = 60 * CHUNK
    const { manifest, dek } = object
    expect(
      Buffer.compare(
        await collect(openRange({ manifest, dek, stores }, { start: 0, end: prefix })),
        content.subarray(0, prefix),
      ),
    ).toBe(0)
  })
})

describe('an owner who lies', () => {
  it('about a chunk’s plaintext is found out by the tag: content/chunk-unopened', async () => {
    const forged = await forgeChunk()
    expect(await codeOf(() => collect(openObject(forged)))).toBe('content/chunk-unopened')
  })

  /** An object whose only chunk has the right leaf and a wrong tag. */
  async function forgeChunk(): Promise<{ manifest: Manifest; dek: Secret; stores: Store[] }> {
    const store = memoryStore()
    const { manifest, dek } = await sealStream(() => streamed(testBytes(10)), await sealOptions([store]))
    const { packRef, rawRef, rawBody } = await import('../blob.ts')
    const { digestOf } = await import('../digest.ts')
    const { encodeHeader, parseHeader } = await import('../header.ts')
    const { merkleRoot } = await import('../merkle.ts')
    const chunk = testBytes(26)
    const leaf = await digestOf(chunk)
    await store.put(packRef(SEALED, leaf), { sizeBytes: 26, chunkBytes: SEALED, pieces: () => [chunk] })
    const table = rawRef(toHex(await digestOf(leaf)))
    await store.put(table, rawBody(leaf))
    const header = toHex(encodeHeader({ ...parseHeader(fromHex(manifest.header)), root: merkleRoot(leaf) }))
    return { manifest: { ...manifest, header, leafTable: table.digest }, dek, stores: [store] }
  }
})

describe('openRange', () => {
  const read = (start: number, end: number, stores: readonly Store[] = [good]) => {
    const { manifest, dek } = object
    return collect(openRange({ manifest, dek, stores }, { start, end }))
  }

  it.each([
    [0, 0],
    [0, 1],
    [CHUNK - 1, CHUNK + 1],
    [64 * CHUNK - 5, 64 * CHUNK + 5],
    [content.length - 1, content.length],
    [content.length, content.length],
    [10, content.length],
  ])('returns bytes %i to %i', async (start, end) => {
    expect(Buffer.compare(await read(start, end), content.subarray(start, end))).toBe(0)
  })

  it('fetches only what covers it', async () => {
    let bytes = 0
    const counted: Store = {
      ...good,
      async *get(ref, options) {
        for await (const piece of good.get(ref, options)) {
          if (ref.kind === 'pack') bytes += piece.length
          yield piece
        }
      },
    }
    await read(5 * CHUNK, 7 * CHUNK, [counted])
    expect(bytes).toBe(2 * SEALED)
  })

  it.each([
    [-1, 5],
    [5, 4],
    [0, content.length + 1],
    [0.5, 2],
    [0, Number.NaN],
  ])('refuses bytes %d to %d: content/bad-range', async (start, end) => {
    expect(await codeOf(() => read(start, end))).toBe('content/bad-range')
  })
})

describe('fetchManifest', () => {
  it('takes it from a store that has it intact', async () => {
    const liar = broken((pack) => pack)
    liar.blobs.set(`blobs/${object.manifestHash.slice(2)}`, new Uint8Array(10))
    expect(await fetchManifest([memoryStore(), liar, good], object.manifestHash)).toEqual(object.manifest)
    expect(await codeOf(() => fetchManifest([memoryStore(), liar], object.manifestHash))).toBe('content/no-replica')
  })

  it('does not read without end from a store that sends too much', async () => {
    let sent = 0
    const endless: Store = {
      ...good,
      async *get() {
        for (;;) {
          sent++
          yield new Uint8Array(100_000)
        }
      },
    }
    await expect(fetchManifest([endless], object.manifestHash)).rejects.toMatchObject({
      meta: { faults: [{ code: 'content/short-read' }] },
    })
    expect(sent).toBeLessThan(10)
  })
})

describe('readBack', () => {
  const sample = (stores: readonly Store[]) => readBack(object.manifest, stores, { samples: 200 })

  it('finds every store that holds the object whole', async () => {
    expect((await sample([good])).faults).toEqual([])
  })

  it('names the stores that do not', async () => {
    const [liar, empty] = [broken((pack) => pack.fill(0)), memoryStore()]
    const { faults } = await sample([liar, good, empty])
    expect(faults.map((f) => [f.store, f.error.code])).toEqual([
      [liar.id, 'content/chunk-mismatch'],
      [empty.id, 'content/no-replica'],
    ])
  })
})
