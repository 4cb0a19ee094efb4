import { EventEmitter, once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CheckpointRef, type Hex, Secret } from '@allod/protocol'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { OpenedKey } from '../grant/openKeys.ts'
import { memoryStore } from '../testing/memoryStore.ts'
import { hex20, hex32, newOrder } from '../testing/newOrder.ts'
import { CheckpointKeeper } from './CheckpointKeeper.ts'
import { checkpointKey } from './checkpointKey.ts'
import { restoreCheckpoint } from './restoreCheckpoint.ts'
import { openCheckpoint, sealCheckpoint } from './sealCheckpoint.ts'

const order = await newOrder()
const { owner } = order.manifest
const opened = (input: string, fill: number, by: Hex = owner): OpenedKey => ({
  ...{ input, objectId: order.objectId, manifest: { ...order.manifest, owner: by } },
  dek: new Secret(new Uint8Array(32).fill(fill)),
})
const stranger = hex20(0x77)
const keyOf = (...args: Parameters<typeof checkpointKey>) => checkpointKey(...args)?.expose()

describe('the key of an order’s checkpoints', () => {
  const inputs = [opened('model', 1, stranger), opened('dataset', 2)]

  test('is the same for every generation, in whatever order inputs were opened', () => {
    const key = keyOf(order.job, owner, inputs)
    expect(key).toHaveLength(32)
    expect(keyOf({ ...order.job, generation: 9 }, owner, [...inputs].reverse())).toEqual(key)
  })

  test('is another for another order, spec or input key', () => {
    const others = [
      keyOf({ ...order.job, order: hex32(9) }, owner, inputs),
      keyOf({ ...order.job, spec: { ...order.job.spec, salt: hex32(9) } }, owner, inputs),
      keyOf(order.job, owner, [opened('model', 3, stranger), opened('dataset', 2)]),
      keyOf(order.job, owner, [opened('model', 2, stranger), opened('dataset', 1)]),
      keyOf(order.job, owner, [opened('dataset', 2)]),
    ]
    const all = [keyOf(order.job, owner, inputs), ...others].map(String)
    expect(new Set(all).size).toBe(all.length)
  })

  test('does not exist where only others own the sealed inputs, nor for jobs that do not train', async () => {
    expect(checkpointKey(order.job, stranger, [opened('model', 1)])).toBeNull()
    expect(checkpointKey((await newOrder({ kind: 'run' })).job, owner, inputs)).toBeNull()
  })
})

describe('a sealed checkpoint', () => {
  const key = new Secret(new Uint8Array(32).fill(7))

  test('opens to what was sealed, and shows only its size class', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200_000 }), (bytes) => {
        const sealed = sealCheckpoint(key, order.job.order, bytes)
        expect(openCheckpoint(key, order.job.order, sealed)).toEqual(Buffer.from(bytes))
        expect((sealed.length - 28) % 4096).toBe(0)
      }),
      { numRuns: 30 },
    )
  })

  test('does not open changed, cut, under another key or as another order’s', () => {
    const sealed = sealCheckpoint(key, order.job.order, new Uint8Array(100))
    for (const at of [0, 12, 500, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] as number) ^ 1
      expect(openCheckpoint(key, order.job.order, changed)).toBeNull()
    }
    for (const length of [0, 31, sealed.length - 1])
      expect(openCheckpoint(key, order.job.order, sealed.subarray(0, length))).toBeNull()
    expect(openCheckpoint(new Secret(new Uint8Array(32)), order.job.order, sealed)).toBeNull()
    expect(openCheckpoint(key, hex32(1), sealed)).toBeNull()
  })
})

describe('checkpoints of a training', () => {
  let folder: string
  let key: Secret
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'allod-checkpoint-'))
    key = new Secret(new Uint8Array(32).fill(5))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  function keeper(stores: ReturnType<typeof memoryStore>[]) {
    const news = new EventEmitter()
    const announced: CheckpointRef[] = []
    const path = join(folder, 'made.safetensors')
    const running = new CheckpointKeeper({
      ...{ path, key, order: order.job.order, stores, everyMs: 5 },
      announce: async (ref) => {
        announced.push(ref)
        news.emit('kept')
      },
    })
    const save = (bytes: Uint8Array): void => {
      writeFileSync(`${path}.part`, bytes)
      renameSync(`${path}.part`, path)
    }
    const kept = () => once(news, 'kept')
    /** Saves one when the last was kept, twice. */
    const keepTwo = async (): Promise<void> => {
      running.start()
      for (const fill of [1, 2]) {
        const done = kept()
        save(new Uint8Array(1000).fill(fill))
        await done
      }
      await running.stop()
    }
    return { running, announced, save, kept, keepTwo }
  }
  const restored = join('in', 'checkpoint.safetensors')
  const restore = (ref: CheckpointRef, stores: ReturnType<typeof memoryStore>[]) =>
    restoreCheckpoint(ref, { key, order: order.job.order, stores, path: join(folder, restored) })

  test('reach a next generation, the newest of them, though a store is down', async () => {
    const down = { ...memoryStore(), put: () => Promise.reject(new Error('down')) }
    const stores = [memoryStore(), down]
    const { announced, keepTwo } = keeper(stores)
    await keepTwo()
    expect(announced).toHaveLength(2)
    expect(await restore(announced[1] as CheckpointRef, stores)).toBe(true)
    expect(new Uint8Array(readFileSync(join(folder, restored)))).toEqual(new Uint8Array(1000).fill(2))
  })

  test('are kept as often as ever where a store takes its time', async () => {
    const slow = memoryStore()
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    const put: typeof slow.put = (...asked) => {
      now += 3_600_000
      return slow.put(...asked)
    }
    const { announced, keepTwo } = keeper([{ ...slow, put }])
    await keepTwo()
    expect(announced).toHaveLength(2)
  })

  test('are not announced where no store took them', async () => {
    const { running, announced, save } = keeper([])
    save(new Uint8Array(10))
    running.start()
    await running.stop()
    expect(announced).toEqual([])
  })

  test('are passed over where stores lost them, or where the host names something else', async () => {
    const store = memoryStore()
    const { running, announced, save, kept } = keeper([store])
    running.start()
    const done = kept()
    save(new Uint8Array(10))
    await done
    await running.stop()
    const [ref] = announced as [CheckpointRef]
    expect(await restore(ref, [memoryStore()])).toBe(false)
    expect(await restore({ ...ref, sizeBytes: ref.sizeBytes - 1 }, [store])).toBe(false)
    key = new Secret(new Uint8Array(32).fill(6))
    expect(await restore(ref, [store])).toBe(false)
    expect(existsSync(join(folder, restored))).toBe(false)
  })
})
