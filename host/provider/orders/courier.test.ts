import { join } from 'node:path'
import type { OrderOnChain } from '@allod/chain'
import { AllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { guests, place, running, told } from '../testing/guests.ts'
import { fill, onChain, recordingChain, sampleJob, scratch } from '../testing/samples.ts'
import { newCourier } from './courier.ts'
import { followOrder } from './followOrder.ts'
import { OrderFile } from './OrderFile.ts'

const down = new AllodError('chain/rpc-failed', 'the endpoint does not answer', 'try again')
const sampleFailure = () => ({
  failed: { order: sampleJob().order, generation: 1, reason: fill(32, 1), input: 255 },
  signature: fill(65, 2),
  code: 'runtime/engine-failed',
})

test('a failure is kept, and carried until the chain has it', async () => {
  using folder = scratch()
  new OrderFile(join(folder.path, 'one'), sampleJob()).saveFailure(sampleFailure())
  // As a life of the provider after that one finds it.
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  let state = running()
  let isDown = true
  const { chain, writes } = recordingChain({
    fail: async (_, request) => {
      if (isDown) throw down
      expect(request).toEqual(sampleFailure())
      state = running({ state: 'ended', isFailed: true })
    },
  })
  const courier = newCourier(file, { chain, readOrder: async () => state })
  await expect(courier.carry()).rejects.toMatchObject({ code: 'chain/rpc-failed' })
  isDown = false
  await courier.carry()
  await courier.carry()
  expect(writes).toEqual(['fail'])
})

test.each<[string, Partial<OrderOnChain>]>([
  ['another generation', { generation: 2 }],
  ['an order that has not started', { state: 'open', generation: 0 }],
  ['an order that is over', { state: 'ended' }],
  ['an order that was reported', { isReported: true }],
])('a failure says nothing of %s', async (_, change) => {
  using folder = scratch()
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveFailure(sampleFailure())
  const { chain, writes } = recordingChain()
  await newCourier(file, { chain, readOrder: async () => running(change) }).carry()
  expect(writes).toEqual([])
})

test('work that failed is not done again while the chain does not answer', async () => {
  using folder = scratch()
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  let state = onChain()
  let tries = 0
  const { environment, seen } = guests((_, exit) => {
    state = running()
    file.saveFailure(sampleFailure())
    exit(1)
  })
  const { followed, writes } = place(folder.path, environment, () => state, {
    fail: async () => {
      if (++tries < 3) throw down
      state = running({ state: 'ended', isFailed: true })
    },
  })
  await followOrder(file, followed, new AbortController().signal)
  expect([seen.launches, writes]).toEqual([1, ['fail']])
  expect(await told(file)).toEqual([[1, 'ended', null]])
})
