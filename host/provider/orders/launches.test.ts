import { join } from 'node:path'
import { relay } from '@allod/channel'
import { fetchOver, socketDuplex } from '@allod/channel/node'
import { AllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { guests, place, running, told } from '../testing/guests.ts'
import { onChain, sampleBeat, sampleJob, sampleStart, scratch } from '../testing/samples.ts'
import { followOrder } from './followOrder.ts'
import { OrderFile } from './OrderFile.ts'

const never = new AbortController().signal

test('a guest that dies within the term is launched again, with the next generation', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests((launch, exit) => {
    state = running({ generation: launch, isReported: launch === 2 })
    exit(launch === 1 ? 1 : 0)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended', isReported: true, generation: 2 })
    },
  })
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 2, running: 0 })
  expect(writes).toEqual(['end'])
  expect(await told(file)).toEqual([[2, 'ended', null]])
})

test('an agent that stops just before its term is over is not launched again, and its order is ended after the term', async () => {
  using folder = scratch()
  const endsAt = Date.now() / 1000 + 2
  let [state, endedAt] = [onChain(), 0]
  const { environment, seen } = guests((_, exit) => {
    state = running({ endsAt })
    exit(0)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      endedAt = Date.now() / 1000
      state = running({ state: 'settled', endsAt })
    },
  })
  await followOrder(file, followed, never)
  expect(seen.launches).toBe(1)
  expect(writes).toEqual(['end'])
  expect(endedAt).toBeGreaterThanOrEqual(endsAt)
})

test.each([
  ['end of the term', () => running({ endsAt: Date.now() / 1000 - 1 })],
  ['time to start by', () => onChain({ startBy: Date.now() / 1000 - 1 })],
])('a guest that hangs is taken down after the %s', async (_, over) => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests(() => {
    state = over()
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'settled' })
    },
  })
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 1, running: 0 })
})

test('a guest that hangs is taken down though the chain will not take what it signed', async () => {
  using folder = scratch()
  let state = onChain()
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { environment, seen } = guests(() => {
    file.saveBeat(sampleBeat(100, 110))
    state = running({ endsAt: Date.now() / 1000 - 1 })
  })
  const { followed } = place(folder.path, environment, () => state, {
    beat: async () => {
      throw new AllodError('market/wrong-enclave', 'it is not by the enclave on record', 'let it sign')
    },
    end: async () => {
      state = running({ state: 'settled' })
    },
  })
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 1, running: 0 })
})

test('a guest works on past the end its term had, where the chain has a later one by then', async () => {
  using folder = scratch()
  let [state, looks, isUp] = [onChain(), 0, false]
  let leave = (): void => undefined
  const { environment, seen } = guests((_, exit) => {
    const endsAt = Date.now() / 1000 + 1.5
    state = running({ endsAt })
    leave = () => {
      isUp = seen.running === 1
      exit(0)
    }
  })
  const look = (): typeof state => {
    if (seen.launches === 0) return state
    looks++
    if (looks === 2) state = running({ endsAt: state.endsAt + 600 })
    if (looks === 4) {
      state = running({ endsAt: state.endsAt, isReported: true })
      leave()
    }
    return state
  }
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, look, {
    end: async () => {
      state = running({ state: 'settled' })
    },
  })
  await followOrder(file, followed, never)
  expect([isUp, seen.launches, ...writes]).toEqual([true, 1, 'end'])
})

test('a guest whose start the chain forgot is taken down, and the same generation is launched again', async () => {
  using folder = scratch()
  let state = running()
  const { environment, seen } = guests((launch, exit, far) => {
    if (launch === 2) {
      state = running({ generation: 2, isReported: true })
      return exit(0)
    }
    // It waits for ever for keepers to see it.
    const body = JSON.stringify(sampleStart(2))
    void fetchOver(relay(socketDuplex(far)), 'provider')('http://provider/start', { method: 'POST', body })
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended', generation: 2, isReported: true })
    },
  })
  await followOrder(file, followed, never, { restMs: 1 })
  expect(seen).toEqual({ launches: 2, running: 0 })
  expect(writes).toEqual(['rebind', 'end'])
})

test('launches that never get to a start, because chip or keepers are away, do not use up an order', async () => {
  using folder = scratch()
  let state = running()
  const { environment, seen } = guests((launch, exit) => {
    if (launch <= 5) throw new AllodError('environments/chip-unreachable', 'the chip does not answer', 'start it')
    if (launch > 10) state = running({ generation: 2, isReported: true })
    exit(launch > 10 ? 0 : 1)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended', generation: 2, isReported: true })
    },
  })
  await followOrder(file, followed, never, { restMs: 1 })
  expect(seen.launches).toBe(11)
  expect(writes).toEqual(['end'])
})

test('an order on which five enclaves started and died is given up', async () => {
  using folder = scratch()
  let state = running()
  const { environment, seen } = guests((launch, exit) => {
    state = running({ generation: 1 + launch })
    exit(1)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended' })
    },
  })
  await followOrder(file, followed, never, { restMs: 1 })
  expect(seen).toEqual({ launches: 5, running: 0 })
})

test('an order that cannot be launched at all is given up too', async () => {
  using folder = scratch()
  let state = running()
  const { environment } = guests(() => {
    throw new AllodError('environments/launch-failed', 'it did not start', 'see the log')
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state, {
    end: async () => {
      state = running({ state: 'ended' })
    },
  })
  await followOrder(file, followed, never, { restMs: 0 })
  expect(writes).toEqual(['end'])
})
