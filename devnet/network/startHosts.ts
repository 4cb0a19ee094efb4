import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Committee, type Hex, hex, type StoreRef, toHex } from '@allod/protocol'
import { writeWhole } from '../files/writeWhole.ts'
import { startProgram } from '../processes/processes.ts'
import { allEnded } from './allEnded.ts'
import type { Deployment } from './deployment.ts'
import { chainId, type Layout, storeNames } from './plan.ts'
import { hostProgram, startWithData } from './programs.ts'

/** Starts the stores, each with a key of its own that signs receipts. @throws devnet/process-failed */
export function startStores(layout: Layout, { ports }: Deployment): Promise<readonly StoreRef[]> {
  return allEnded(
    storeNames.map(async (name) => {
      const port = ports.stores[name]
      const args = ['--key', keyFile(layout, name, toHex(randomBytes(32))), '--port', `${port}`, '--host', '127.0.0.1']
      const ready = await startWithData(layout, name, hostProgram('store'), args)
      return { url: `http://127.0.0.1:${port}`, address: hex(20)(ready.address) }
    }),
  )
}

/** Starts the gateway; its routes survive in a file. @throws devnet/process-failed */
export async function startGateway(layout: Layout, { ports }: Deployment): Promise<void> {
  const folder = layout.dataOf('gateway')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const state = join(folder, 'routes.json')
  const args = ['--admin', layout.gatewayAdmin, '--port', `${ports.gateway}`, '--state', state]
  await startProgram(layout.processes, { name: 'gateway', script: hostProgram('gateway'), args })
}

/** What the provider is started with. */
export type ProviderPlace = {
  readonly deployment: Deployment
  readonly rpcUrl: string
  readonly rootfs: string
  readonly account: Hex
  /** The daemon's key, 32 bytes. */
  readonly key: Hex
  readonly committee: Committee
  /** Where keepers are, in the committee's order. */
  readonly urls: readonly string[]
  readonly stores: readonly StoreRef[]
  readonly isolation: 'bubblewrap' | 'none'
}

/** Starts the provider's daemon. @throws devnet/process-failed */
export async function startProvider(layout: Layout, place: ProviderPlace): Promise<void> {
  const { deployment, rpcUrl, rootfs, account, key, committee, urls, stores, isolation } = place
  const { chain, ports } = deployment
  if (chain === null) throw new Error('the provider needs the contracts')
  const config = {
    version: 1,
    chainId: `${chainId}`,
    rpcUrls: [rpcUrl],
    addresses: chain.addresses,
    fromBlock: chain.fromBlock,
    finality: { kind: 'finalized' },
    account,
    build: chain.runtime,
    rootfs,
    chip: layout.chipSocket,
    gatewayAdmin: layout.gatewayAdmin,
    endpoints: null,
    committees: [{ committee, urls }],
    stores,
    maxOrders: 4,
    maxMemoryBytes: null,
    maxOutputBytes: null,
    isolation,
  }
  mkdirSync(layout.dataOf('provider'), { recursive: true, mode: 0o700 })
  const file = join(layout.dataOf('provider'), 'config.json')
  writeWhole(file, JSON.stringify(config, null, 1))
  const args = ['--config', file, '--key', keyFile(layout, 'provider', key), '--port', `${ports.provider}`]
  await startWithData(layout, 'provider', hostProgram('provider'), args)
}

// A daemon's key lies in a file only it can read; written once.
function keyFile(layout: Layout, name: string, key: Hex): string {
  const path = join(layout.dataOf(name), 'key')
  mkdirSync(layout.dataOf(name), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) writeWhole(path, key)
  return path
}
