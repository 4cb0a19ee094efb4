import { expect, test } from 'vitest'
import { orderBounds } from './orderBounds.ts'

const GIB = 2 ** 30
const config = { maxOrders: 4, maxMemoryBytes: null, maxOutputBytes: null }

test('an order that asks for nothing special fits on a machine of 4 GB', () => {
  const { memoryBytes, outputBytes } = orderBounds(config, 3.8 * GIB)
  expect(memoryBytes).toBe(2 * GIB)
  expect(outputBytes).toBeGreaterThanOrEqual(GIB / 4)
})

test.each([16, 64, 512])('as many orders as may run at once fit on a machine of %i GB at their most', (gib) => {
  const { memoryBytes, outputBytes } = orderBounds({ ...config, maxOrders: gib / 16 }, gib * GIB)
  expect((gib / 16) * (3 * memoryBytes + outputBytes + GIB / 2)).toBeLessThanOrEqual(gib * GIB)
  expect(memoryBytes).toBe(4 * GIB)
})

test('what the configuration says goes, whatever the machine has', () => {
  const told = { ...config, maxMemoryBytes: 1 << 20, maxOutputBytes: 1 << 10 }
  expect(orderBounds(told, 512 * GIB)).toEqual({ memoryBytes: 1 << 20, outputBytes: 1 << 10 })
})
