import { join } from 'node:path'
import { type Duplex, duplexPair } from 'node:stream'
import type { OrderOnChain } from '@allod/chain'
import type { ConfidentialEnvironment, EnvironmentHandle } from '@allod/environments'
import type { ChainPort } from '../ChainPort.ts'
import { GatewayRoutes } from '../GatewayRoutes.ts'
import type { FollowPlace } from '../orders/followOrder.ts'
import type { OrderFile } from '../orders/OrderFile.ts'
import { build, fill, onChain, providerKey, recordingChain } from './samples.ts'

type Exit = Awaited<EnvironmentHandle['exit']>

/** An environment whose guests do what `live` does; it counts launches and those still running. */
export function guests(live: (launch: number, exit: (code: number) => void, far: Duplex) => void) {
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
      live(seen.launches, ends, far)
      return { channel, build, measurement: fill(48, 1), exit, kill: () => ends(137) }
    },
  }
  return { environment, seen }
}

/** Where an order is followed whose state on chain is as `readOrder` says, at the newest block as at one that stays. */
export function place(
  folder: string,
  environment: ConfidentialEnvironment,
  readOrder: () => OrderOnChain,
  on: Partial<ChainPort> = {},
) {
  const { chain, writes } = recordingChain(on)
  const followed: FollowPlace = {
    environment,
    rootfs: join(folder, 'rootfs'),
    config: new Uint8Array(),
    chain,
    key: providerKey,
    keepers: [],
    stores: new Map(),
    collateral: async () => [],
    runFolder: join(folder, 'run'),
    routes: new GatewayRoutes(null),
    readOrder: async () => readOrder(),
    readFinal: async () => ({ state: readOrder(), time: Math.floor(Date.now() / 1000) }),
    windows: async () => ({ startSeconds: 60, reportSeconds: 0, closeSeconds: 0 }),
  }
  return { followed, writes }
}

/** An order in the middle of its term. */
export const running = (change: Partial<OrderOnChain> = {}) =>
  onChain({ state: 'active', generation: 1, endsAt: Date.now() / 1000 + 600, ...change })

/** What the provider told of an order that is over: generation, phase and detail of each event. */
export const told = async (file: OrderFile) =>
  (await Array.fromAsync(file.eventsFrom(0, { waits: true, signal: AbortSignal.timeout(5000) }))).map((e) => [
    e.generation,
    e.event.phase,
    e.event.detail,
  ])
