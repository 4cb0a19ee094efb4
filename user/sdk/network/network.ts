import {
  amount,
  committeeShape,
  flag,
  hex,
  integer,
  keeperKeysShape,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  storeRefShape,
  tagged,
  text,
} from '@allod/protocol'
import { fail } from '../errors.ts'

const url = text(200, /^https?:\/\/[^\s]+$/)

/** What a device must know of a network to use it. Nothing in it is secret; keys and builds are pinned by it. */
export const networkShape = record({
  version: oneOf(1),
  name: text(64, /^[a-z0-9][a-z0-9-]*$/),
  /** True only for a network that lives on this machine, with a simulated chip. */
  devnet: flag,
  chainId: amount(64),
  rpcUrls: list(url, 8, 1),
  addresses: record({
    token: hex(20),
    catalog: hex(20),
    assets: hex(20),
    registry: hex(20),
    trust: hex(20),
    market: hex(20),
  }),
  /** First block that can hold an event of these contracts. */
  fromBlock: integer(),
  currency: record({ symbol: text(12, /^[A-Za-z0-9.]+$/), decimals: integer(0, 36) }),
  /** When a block counts: at a depth below the head, or when the chain calls it finalised. */
  finality: tagged('kind', {
    depth: record({ kind: oneOf('depth'), blocks: integer(0, 10_000) }),
    finalized: record({ kind: oneOf('finalized') }),
  }),
  stores: list(storeRefShape, 8, 2),
  keepers: list(record({ url, keys: keeperKeysShape }), 16, 1),
  committee: committeeShape,
  gateway: record({ url }),
  provider: record({ url, address: hex(20) }),
  /** The simulated chip's root id, null wherever chips are real; and whether its owner brought it up without sandboxes. */
  trust: record({ simulatedRoot: nullable(hex(32)), isUnisolatedAllowed: flag }),
  builds: record({ runtime: hex(32), keeper: hex(32) }),
  /** Folder of the devnet's own wallets, relative to the description's file; null elsewhere. */
  wallets: nullable(text(4096)),
})

export type Network = Shaped<typeof networkShape>

/**
 * Parses a network description.
 * @throws protocol/bad-shape, sdk/unsafe-network where a devnet leads off this machine or a real network names a
 * simulated root or the devnet's wallets
 */
export function parseNetwork(value: unknown): Network {
  const network = networkShape(value)
  const { devnet, rpcUrls, stores, keepers, gateway, provider, trust, wallets } = network
  const reached = [...rpcUrls, ...[...stores, ...keepers, gateway, provider].map((part) => part.url)]
  const stray = reached.find((u) => !isLoopback(u))
  if (devnet && stray !== undefined) throw fail('unsafe-network', { expected: 'loopback', actual: stray })
  if (!devnet && (trust.simulatedRoot !== null || trust.isUnisolatedAllowed || wallets !== null))
    throw fail('unsafe-network', { expected: 'no simulated root, sandboxes, no devnet wallets', actual: network.name })
  return network
}

/** True for a URL that stays on this machine. */
export function isLoopback(address: string): boolean {
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
