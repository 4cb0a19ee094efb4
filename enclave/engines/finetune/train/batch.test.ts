import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Example, layOut, packRows } from './batch.ts'

const example = (...ids: readonly number[]): Example => ({ ids, counts: ids.map((_, i) => i > 0) })

describe('packing', () => {
  it('loses no example and fills no row beyond its length', () => {
    const examples = fc.array(fc.array(fc.nat(99), { minLength: 1, maxLength: 12 }).map((ids) => example(...ids)))
    fc.assert(
      fc.property(examples, (given) => {
        const rows = packRows(given, 12)
        expect(rows.flat()).toHaveLength(given.length)
        for (const row of rows) expect(row.reduce((n, e) => n + e.ids.length, 0)).toBeLessThanOrEqual(12)
      }),
    )
  })

  it('keeps the order where one row at a time is open', () => {
    const given = [example(1, 2, 3), example(4, 5, 6, 7), example(8)]
    expect(packRows(given, 5, 1).flat()).toEqual(given)
  })

  it('cuts what is longer than a row', () => {
    expect(packRows([example(1, 2, 3, 4)], 3)[0]?.[0]?.ids).toEqual([1, 2, 3])
  })
})

describe('laying out', () => {
  const { feeds, counted, ids } = layOut([[example(7, 8, 9), example(5, 6)], [example(4)]], 2, 6)
  const mask = feeds.get('mask')?.data as Float32Array
  const sees = (row: number, from: number): number[] =>
    Array.from({ length: 6 }, (_, i) => i).filter((to) => mask[(row * 6 + from) * 6 + to] === 0)

  it('starts every example at position 0', () => {
    expect([...(feeds.get('positions')?.data ?? [])].map(Number)).toEqual([0, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    expect([...ids]).toEqual([7, 8, 9, 5, 6, 0, 4, 0, 0, 0, 0, 0])
  })

  it('lets a token see its own example up to itself, and nothing else', () => {
    expect([0, 1, 2, 3, 4, 5].map((at) => sees(0, at))).toEqual([[0], [0, 1], [0, 1, 2], [3], [3, 4], [5]])
  })

  it('predicts each counted token from the place before it', () => {
    expect([...(feeds.get('rows')?.data ?? [])].map(Number)).toEqual([0, 1, 3])
    expect([...(feeds.get('labels')?.data ?? [])].map(Number)).toEqual([8, 9, 6])
    expect(counted).toBe(3)
  })
})
