import { expect, test } from 'vitest'
import { type Derived, derivedShape, lineageOf, noLineage } from './derived.ts'
import { fill } from './testing/samples.ts'

const derived: Derived = { header: fill(128, 1), owner: fill(20, 2), policyHash: fill(32, 3), parents: [fill(32, 4)] }

test('lineage is another with every field changed', () => {
  const changes: readonly Partial<Derived>[] = [
    {},
    { header: fill(128, 9) },
    { owner: fill(20, 9) },
    { policyHash: fill(32, 9) },
    { parents: [] },
    { parents: [fill(32, 9)] },
    { parents: [fill(32, 4), fill(32, 9)] },
    { parents: [fill(32, 9), fill(32, 4)] },
  ]
  const all = [noLineage, ...changes.map((change) => lineageOf({ ...derived, ...change }))]
  expect(new Set(all).size).toBe(all.length)
})

test('more than eight parents are refused', () => {
  const parents = Array.from({ length: 9 }, (_, i) => fill(32, i))
  expect(() => derivedShape({ ...derived, parents })).toThrow(expect.objectContaining({ code: 'protocol/bad-shape' }))
})
