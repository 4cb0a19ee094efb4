import { join } from 'node:path'
import { AllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { guests, place, running, told } from '../testing/guests.ts'
import { onChain, sampleBeat, sampleJob, sampleReport, scratch } from '../testing/samples.ts'
import { followOrder } from './followOrder.ts'
import { OrderFile } from './OrderFile.ts'

const never = new AbortController().signal

test('an order that was reported is ended on chain, once', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests((_, exit) => {
    state = running({ isReported: true })
    exit(0)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended', isReported: true })
    },
  })
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 1, running: 0 })
  expect(writes).toEqual(['end'])
  expect(await told(file)).toEqual([[1, 'ended', null]])
})

test('the end is told, however much was told before', async () => {
  using folder = scratch()
  const { environment } = guests(() => undefined)
  const file = new OrderFile(join(folder.path, 'one'), sampleJob(), { maxEventBytes: 0 })
  const { followed } = place(folder.path, environment, () => running({ state: 'settled' }))
  await followOrder(file, followed, never)
  expect(await told(file)).toEqual([[1, 'ended', null]])
})

test('a guest is taken down when somebody else ended the order', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests(() => {
    state = running({ state: 'ended' })
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state)
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 1, running: 0 })
  expect(writes).toEqual([])
})

test('a launch that fails is told with its code', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment } = guests(() => {
    state = running({ state: 'ended' })
    throw new AllodError('environments/launch-failed', 'it did not start', 'see the log')
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed } = place(folder.path, environment, () => state)
  await followOrder(file, followed, never)
  expect(await told(file)).toEqual([
    [1, 'failed', 'environments/launch-failed'],
    [1, 'ended', null],
  ])
})

test('an order that is over already is not launched', async () => {
  using folder = scratch()
  const { environment, seen } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => onChain({ startBy: 0 }))
  await followOrder(file, followed, never)
  expect(seen.launches).toBe(0)
  expect(writes).toEqual([])
})

test('a provider that stops takes its guests down and leaves the order as it is', async () => {
  using folder = scratch()
  const stop = new AbortController()
  const { environment, seen } = guests(() => setImmediate(() => stop.abort()))
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => running())
  await followOrder(file, followed, stop.signal)
  expect(seen).toEqual({ launches: 1, running: 0 })
  expect(writes).toEqual([])
})

test('a report that a life before this one did not bring to the chain is sent, and no work is done twice', async () => {
  using folder = scratch()
  let state = running()
  const { environment, seen } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveReport(sampleReport())
  const { followed, writes } = place(folder.path, environment, () => state, {
    report: async () => {
      state = running({ isReported: true })
    },
    end: async () => {
      state = running({ state: 'ended', isReported: true })
    },
  })
  await followOrder(file, followed, never)
  expect(seen.launches).toBe(0)
  expect(writes).toEqual(['report', 'end'])
})

test.each([
  ['the way there is closed', 'chain/rpc-failed'],
  ['its block is older than the time', 'market/bad-interval'],
])('a report waits while %s: nothing is launched meanwhile, and nothing ended', async (_, code) => {
  using folder = scratch()
  let [state, fails] = [running(), 2]
  const { environment, seen } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveReport(sampleReport())
  const { followed, writes } = place(folder.path, environment, () => state, {
    report: async () => {
      if (fails-- > 0) throw new AllodError(code, 'not now', 'try again')
      state = running({ isReported: true })
    },
    end: async () => {
      state = running({ state: 'ended', isReported: true })
    },
  })
  await followOrder(file, followed, never)
  expect(seen.launches).toBe(0)
  expect([fails, ...writes]).toEqual([-1, 'report', 'end'])
})

test('an order whose report never got through is ended after its term', async () => {
  using folder = scratch()
  let state = running({ endsAt: Date.now() / 1000 - 1 })
  const { environment } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveReport(sampleReport())
  const { followed, writes } = place(folder.path, environment, () => state, {
    report: async () => {
      throw new AllodError('chain/rpc-failed', 'the endpoint does not answer', 'try again')
    },
    end: async () => {
      state = running({ state: 'ended', endedAt: 1 })
    },
  })
  await followOrder(file, followed, never)
  expect(writes).toEqual(['end'])
})

test('a report that the market refuses does not keep an order from its work', async () => {
  using folder = scratch()
  let state = running()
  const { environment, seen } = guests(() => {
    state = running({ state: 'ended', generation: 2, endedAt: 1 })
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveReport(sampleReport())
  const { followed } = place(folder.path, environment, () => state, {
    report: async () => {
      throw new AllodError('market/wrong-enclave', 'it is not by the enclave on record', 'let it sign')
    },
  })
  await followOrder(file, followed, never)
  expect(seen.launches).toBe(1)
})

test('a report that a block took along when it did not stay is sent again', async () => {
  using folder = scratch()
  let [newest, reports] = [running(), 0]
  let stays = newest
  const { environment } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  file.saveReport(sampleReport())
  const { followed, writes } = place(folder.path, environment, () => newest, {
    report: async () => {
      // The first one is seen, and undone with the end that followed it.
      newest = running({ state: newest.state, isReported: true })
      if (++reports === 2) stays = newest
    },
    end: async () => {
      newest = running({ state: 'ended' })
    },
  })
  const final = { ...followed, readFinal: async () => ({ state: stays, time: 0 }) }
  await followOrder(file, final, never)
  expect(writes).toEqual(['report', 'end', 'report'])
})

test('attested time that did not get on chain is sent until it is there, in order, before the order is seen off', async () => {
  using folder = scratch()
  let [state, fails] = [running({ state: 'ended', endedAt: Date.now() / 1000 + 600 }), 1]
  const { environment } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  for (const [from, upTo] of [
    [100, 110],
    [110, 120],
  ] as const)
    file.saveBeat(sampleBeat(from, upTo))
  const carried: number[] = []
  const { followed } = place(folder.path, environment, () => state, {
    beat: async (_, { alive }) => {
      if (fails-- > 0) throw new AllodError('chain/rpc-failed', 'the endpoint does not answer', 'try again')
      carried.push(alive.upTo)
      state = { ...state, attestedUpTo: alive.upTo }
    },
  })
  await followOrder(new OrderFile(join(folder.path, 'one'), sampleJob()), followed, never)
  expect(carried).toEqual([110, 120])
})

test('an order that is over is over after a restart too', async () => {
  using folder = scratch()
  const { environment } = guests(() => {})
  const file = new OrderFile(join(folder.path, 'orders', 'one'), sampleJob())
  const { followed } = place(folder.path, environment, () => onChain({ startBy: 0 }))
  await followOrder(file, followed, never)
  expect(OrderFile.all(join(folder.path, 'orders')).map((f) => f.isOver)).toEqual([true])
})
