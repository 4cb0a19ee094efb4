import { concat, equalBytes, type Hex, isAllodError, toHex } from '@allod/protocol'
import { type BlobRef, type Body, packRef, rawBody, rawRef } from '../blob.ts'
import { digestOf } from '../digest.ts'
import { requireStorageReceipt } from '../storageReceipt.ts'
import type { Store } from './Store.ts'

/** One demand on every store. `run` rejects where the store does not meet it. */
export type StoreDemand = { readonly name: string; run(store: Store): Promise<void> }

/**
 * What every implementation of `Store` must do; run each on a store that works.
 * @example for (const { name, run } of storeDemands) it(name, () => run(store))
 */
export const storeDemands: readonly StoreDemand[] = [
  {
    name: 'gives back a raw blob and a receipt for it',
    async run(store) {
      const { ref, bytes } = await rawBlob(1, 100_000)
      const receipt = await store.put(ref, rawBody(bytes))
      requireStorageReceipt(receipt, { store: store.id, digest: ref.digest, sizeBytes: bytes.length })
      demand(equalBytes(await read(store, ref), bytes), 'bytes differ')
    },
  },
  {
    name: 'gives back an empty blob',
    async run(store) {
      const { ref, bytes } = await rawBlob(0, 0)
      await store.put(ref, rawBody(bytes))
      demand((await read(store, ref)).length === 0, 'not empty')
    },
  },
  {
    name: 'gives back a pack and any range of it',
    async run(store) {
      const { ref, body, bytes } = await pack(2)
      await store.put(ref, body)
      demand(equalBytes(await read(store, ref), bytes), 'bytes differ')
      for (const [start, end] of [
        [0, 1],
        [65_552, 131_104],
        [bytes.length - 1, bytes.length],
      ] as const)
        demand(equalBytes(await read(store, ref, { start, end }), bytes.subarray(start, end)), `range ${start}-${end}`)
    },
  },
  {
    name: 'takes the same blob twice',
    async run(store) {
      const { ref, body } = await pack(3)
      const [first, second] = [await store.put(ref, body), await store.put(ref, body)]
      demand(first.digest === second.digest && first.sizeBytes === second.sizeBytes, 'receipts differ')
    },
  },
  {
    name: 'takes many blobs at once',
    async run(store) {
      const blobs = await Promise.all(Array.from({ length: 8 }, (_, i) => pack(10 + i)))
      await Promise.all(blobs.map(({ ref, body }) => store.put(ref, body)))
      const found = await Promise.all(blobs.map(({ ref }) => read(store, ref)))
      demand(
        blobs.every(({ bytes }, i) => equalBytes(bytes, found[i] as Uint8Array)),
        'bytes differ',
      )
    },
  },
  {
    name: 'knows what it holds',
    async run(store) {
      const { ref, bytes } = await rawBlob(4, 1000)
      const absent = rawRef(`0x${'5a'.repeat(32)}`)
      demand((await store.stat(ref)) === null, 'stat of an absent blob is not null')
      await store.put(ref, rawBody(bytes))
      const have = await store.has([absent, ref, { ...ref, kind: 'pack' }])
      demand(have.join() === 'false,true,false', `has says ${have.join()}`)
      const receipt = await store.stat(ref)
      requireStorageReceipt(receipt, { store: store.id, digest: ref.digest, sizeBytes: bytes.length })
    },
  },
  {
    name: 'says blob-not-found for what it does not hold',
    async run(store) {
      const error = await read(store, rawRef(`0x${'5b'.repeat(32)}`)).catch((e: unknown) => e)
      demand(isAllodError(error, 'content/blob-not-found'), String(error))
    },
  },
  {
    name: 'tells how much it holds',
    async run(store) {
      const { usedBytes, freeBytes } = await store.health()
      demand(usedBytes >= 0 && freeBytes > 0, `${usedBytes} used, ${freeBytes} free`)
    },
  },
]

function demand(isMet: boolean, reason: string): void {
  if (!isMet) throw new Error(`the store does not comply: ${reason}`)
}

async function read(store: Store, ref: BlobRef, range?: { start: number; end: number }): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of store.get(ref, range ? { range } : {})) pieces.push(Uint8Array.from(piece))
  return concat(...pieces)
}

async function rawBlob(seed: number, length: number): Promise<{ ref: BlobRef; bytes: Uint8Array }> {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 101 + (i >> 8)) & 255)
  return { ref: rawRef(toHex(await digestOf(bytes)) as Hex), bytes }
}

/** Three sealed chunks of 64 KiB and a short one. */
async function pack(seed: number): Promise<{ ref: BlobRef; body: Body; bytes: Uint8Array }> {
  const chunkBytes = 65_536 + 16
  const { bytes } = await rawBlob(seed, 3 * chunkBytes + 100)
  const leaves: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) leaves.push(await digestOf(bytes.subarray(at, at + chunkBytes)))
  const body = {
    sizeBytes: bytes.length,
    chunkBytes,
    pieces: () => [bytes.subarray(0, 70_000), bytes.subarray(70_000)],
  }
  return { ref: packRef(chunkBytes, concat(...leaves)), body, bytes }
}
