import type { Tensor } from '../session.ts'

/** One text to learn from: its tokens, and which of them are predicted (never the first). */
export type Example = { readonly ids: readonly number[]; readonly counts: readonly boolean[] }

/** Texts that share one row of a batch, each with its own positions and its own view. */
export type Row = readonly Example[]

/**
 * Packs examples into rows of `length` tokens: each goes into the newest of the last `open` rows that it fits, else
 * opens one; with `open` 1 their order is kept. Longer examples are cut to `length`.
 */
export function packRows(examples: Iterable<Example>, length: number, open = 8): Row[] {
  const rows: { items: Example[]; free: number }[] = []
  for (const example of examples) {
    const size = Math.min(example.ids.length, length)
    const cut = { ids: example.ids.slice(0, size), counts: example.counts.slice(0, size) }
    const row = rows.slice(-open).findLast((r) => r.free >= size)
    if (row) {
      row.items.push(cut)
      row.free -= size
    } else rows.push({ items: [cut], free: length - size })
  }
  return rows.map((r) => r.items)
}

/** What a graph takes for one batch, and how many tokens count in it. */
export type Batch = { readonly feeds: ReadonlyMap<string, Tensor>; readonly counted: number; readonly ids: Int32Array }

const HIDDEN = -1e9

/** Lays rows out as the graph's inputs. Texts in one row do not see each other; unused places see only themselves. */
export function layOut(rows: readonly Row[], batch: number, length: number): Batch {
  const ids = new Int32Array(batch * length)
  const positions = new BigInt64Array(batch * length)
  const mask = new Float32Array(batch * length * length).fill(HIDDEN)
  const places: bigint[] = []
  const labels: bigint[] = []
  for (let b = 0; b < batch; b++) {
    let at = 0
    for (const { ids: tokens, counts } of rows[b] ?? []) {
      for (let i = 0; i < tokens.length; i++) {
        const place = b * length + at + i
        ids[place] = tokens[i] as number
        positions[place] = BigInt(i)
        mask.fill(0, place * length + at, place * length + at + i + 1)
        if (counts[i + 1]) {
          places.push(BigInt(place))
          labels.push(BigInt(tokens[i + 1] as number))
        }
      }
      at += tokens.length
    }
    for (; at < length; at++) mask[(b * length + at) * length + at] = 0
  }
  const feeds = new Map<string, Tensor>([
    ['ids', { data: ids, dims: [batch * length] }],
    ['positions', { data: positions, dims: [batch, length] }],
    ['mask', { data: mask, dims: [batch, 1, length, length] }],
    ['rows', { data: BigInt64Array.from(places), dims: [places.length] }],
    ['labels', { data: BigInt64Array.from(labels), dims: [labels.length] }],
  ])
  return { feeds, counted: places.length, ids }
}
