import type { ChainClient } from '@allod/chain'
import { httpStore, type Store } from '@allod/content/stores'
import type { Network } from './network/network.ts'
import type { Trust } from './verify/trust.ts'

/** A network as this device uses it: what most calls take first. Holds no key. */
export type Allod = {
  readonly network: Network
  readonly chain: ChainClient
  readonly stores: readonly Store[]
  readonly trust: Trust
  readonly fetch: typeof globalThis.fetch
}

/** The network's stores. */
export const storesOf = ({ stores }: Network, fetch: Allod['fetch']): readonly Store[] =>
  stores.map(({ url, address }) => httpStore({ url, address, fetch }))
