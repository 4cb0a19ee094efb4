import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import type { OrderOnChain } from '@allod/chain'
import type { ConfidentialEnvironment, EnvironmentHandle } from '@allod/environments'
import { AllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { GatewayRoutes } from '../GatewayRoutes.ts'
import { build, fill, onChain, providerKey, recordingChain, sampleJob, scratch } from '../testing/samples.ts'
import { type FollowPlace, followOrder } from './followOrder.ts'
import { OrderFile } from './OrderFile.ts'

type Exit = Awaited<EnvironmentHandle['exit']>

/** An environment whose guests do what `live` does; it counts launches and those still running. */
function guests(live: (launch: number, exit: (code: number) => void) => void) {
  const seen = { launches: 0, running: 0 }
  const environment: ConfidentialEnvironment = {
    kind: 'unisolated',
    isolation: 'none',
    probe: async () => ({ isUsable: false, reason: 'not-linux', fix: 'these guests run nowhere' }),
    launch: async () => {
      seen.launches++
      seen.running++
      const [channel, far] = duplexPair()
      far.resume()
      const { promise: exit, resolve } = Promise.withResolvers<Exit>()
      const ends = (code: number): void => {
        if (far.destroyed) return
        far.destroy()
        seen.running--
        resolve({ reason: code === 0 ? 'ok' : 'exit', code, signal: null, peakBytes: 0, tail: '' })
      }
      live(seen.launches, ends)
      return { channel, build, measurement: fill(48, 1), exit, kill: () => ends(137) }
    },
  }
  return { environment, seen }
}

function place(folder: string, environment: ConfidentialEnvironment, readOrder: () => OrderOnChain) {
  const { chain, writes } = recordingChain()
  const followed: FollowPlace = {
    environment,
    rootfs: join(folder, 'rootfs'),
    config: new Uint8Array(),
    chain,
    key: providerKey,
    keepers: [],
    runFolder: join(folder, 'run'),
    routes: new GatewayRoutes(null),
    readOrder: async () => readOrder(),
  }
  return { followed, writes }
}

const told = async (file: OrderFile) =>
  (await Array.fromAsync(file.eventsFrom(0, { waits: true, signal: AbortSignal.timeout(5000) }))).map((e) => [
    e.generation,
    e.event.phase,
    e.event.detail,
  ])
const running = (change: Partial<OrderOnChain> = {}) =>
  onChain({ state: 'active', generation: 1, endsAt: Date.now() / 1000 + 600, ...change })
const never = new AbortController().signal

test('an order that was reported is ended on chain, once', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests((_, exit) => {
    state = running({ isReported: true })
    exit(0)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state)
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 1, running: 0 })
  expect(writes).toEqual(['end'])
  expect(await told(file)).toEqual([[1, 'ended', null]])
})

test('a guest that dies within the term is launched again, with the next generation', async () => {
  using folder = scratch()
  let state = onChain()
  const { environment, seen } = guests((launch, exit) => {
    state = running({ generation: launch, isReported: launch === 2 })
    exit(launch === 1 ? 1 : 0)
  })
  const file = new OrderFile(join(folder.path, 'one'), sampleJob())
  const { followed, writes } = place(folder.path, environment, () => state)
  await followOrder(file, followed, never)
  expect(seen).toEqual({ launches: 2, running: 0 })
  expect(writes).toEqual(['end'])
  expect(await told(file)).toEqual([[2, 'ended', null]])
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
