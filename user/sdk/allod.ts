import { type ChainClient, chainClient } from '@allod/chain'
import { type ChainWriter, chainWriter } from '@allod/chain/write'
import { httpStore, type Store } from '@allod/content/stores'
import type { Network } from './network/network.ts'
import { hardwareTrust, type Trust } from './verify/trust.ts'
import type { Wallet } from './wallet/wallet.ts'

/** A network as this device uses it: what most calls take first. Holds no key. */
export type Allod = {
  readonly network: Network
  readonly chain: ChainClient
  readonly stores: readonly Store[]
  readonly trust: Trust
  readonly fetch: typeof globalThis.fetch
}

const storesOf = ({ stores }: Network, fetch: Allod['fetch']): readonly Store[] =>
  stores.map(({ url, address }) => httpStore({ url, address, fetch }))

/**
 * A network to work with. Reads ask every RPC endpoint and take only what all of them say.
 * @param options.trust which chips to believe; hardware only unless told, see `devnetTrust`
 */
export function connect(
  network: Network,
  { trust = hardwareTrust, fetch = globalThis.fetch }: { readonly trust?: Trust; readonly fetch?: Allod['fetch'] } = {},
): Allod {
  const { rpcUrls, addresses, finality, fromBlock } = network
  const chain = chainClient({ rpcUrls, chainId: BigInt(network.chainId), addresses, finality, fromBlock })
  return { network, chain, stores: storesOf(network, fetch), trust, fetch }
}

/** The endpoint that transactions are sent through. */
export const senderUrl = ({ rpcUrls }: Pick<Network, 'rpcUrls'>): string => rpcUrls[0] as string

/** Sends one wallet's transactions. */
export const writerOf = ({ network }: Pick<Allod, 'network'>, { key }: Wallet): ChainWriter =>
  chainWriter({
    rpcUrl: senderUrl(network),
    chainId: BigInt(network.chainId),
    addresses: network.addresses,
    key,
  })
