import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '@allod/protocol'
import { fail } from '../errors.ts'
import { type OrderBook, type OrderRecord, parseOrderRecord } from '../order/orderRecord.ts'
import { inBatches } from '../wire/inBatches.ts'
import { ownFolder, readJson, writeJson } from './files.ts'

const NAME = /^0x[0-9a-f]{64}\.json$/
/** Files read at once. */
const AT_ONCE = 100

/** Orders as files `<id>.json` in a folder. `get` takes an id, its beginning (at least 6 digits), or `last`. */
export function openOrderBook(folder: string): OrderBook {
  const list = async (): Promise<readonly OrderRecord[]> => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => NAME.test(name))
    const kept = await inBatches(names, AT_ONCE, async (name) => {
      const path = join(folder, name)
      return { record: parseOrderRecord(await readJson(path)), savedAt: (await stat(path)).mtimeMs }
    })
    // Two orders of one second came in the order in which they were kept.
    return kept
      .toSorted((a, b) => a.record.placedAt - b.record.placedAt || a.savedAt - b.savedAt)
      .map(({ record }) => record)
  }
  return {
    list,
    async save(order) {
      await ownFolder(folder)
      await writeJson(join(folder, `${order.order}.json`), order as Json)
    },
    async get(named) {
      const records = await list()
      if (named === 'last' && records.length > 0) return records.at(-1) as OrderRecord
      const isPrefix = /^0x[0-9a-f]{6,64}$/.test(named)
      const found = isPrefix ? records.filter((r) => r.order.startsWith(named)) : []
      const [first] = found
      if (first === undefined) throw fail('unknown-order', { actual: named.slice(0, 80) })
      if (found.length > 1)
        throw fail('ambiguous-order', { actual: named, meta: { orders: found.map((r) => r.order) } })
      return first
    },
  }
}
