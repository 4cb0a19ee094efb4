import { readFileSync } from 'node:fs'
import { endpointsShape } from '@allod/attestation/collateral'
import {
  amount,
  committeeShape,
  hex,
  integer,
  list,
  nullable,
  oneOf,
  record,
  type Shaped,
  storeRefShape,
  tagged,
  text,
} from '@allod/protocol'
import { fail } from './errors.ts'

const url = text(200, /^https?:\/\/[^\s]+$/)

/** A provider's configuration file. */
export const providerConfigShape = record({
  version: oneOf(1),
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
  fromBlock: integer(),
  finality: tagged('kind', {
    depth: record({ kind: oneOf('depth'), blocks: integer(0, 10_000) }),
    finalized: record({ kind: oneOf('finalized') }),
  }),
  /** The account whose compute offers are honoured. */
  account: hex(20),
  build: hex(32),
  rootfs: text(4096),
  /** Control socket of the simulated chip. */
  chip: text(100),
  /** Admin socket of the gateway, where agents are to be served. */
  gatewayAdmin: nullable(text(100)),
  /** With where their keepers are, in the committee's order. */
  committees: list(record({ committee: committeeShape, urls: list(url, 16, 1) }), 16),
  /**
   * The stores that orders may use: each by its key, and where this machine reaches it. An order names stores by key and by
   * address, and the buyer chose both: only these are dialled, at the addresses given here, and an order that names another
   * is refused. A network's description lists its stores; these are the ones to name.
   */
  stores: list(storeRefShape, 64, 1),
  /** Orders that run at once. */
  maxOrders: integer(1, 1024),
  /** The most that one order may ask for as `limits.memoryBytes`, and as `limits.outputBytes`; a share of the machine for null. */
  maxMemoryBytes: nullable(integer(1, 2 ** 44)),
  maxOutputBytes: nullable(integer(1, 2 ** 44)),
  isolation: oneOf('bubblewrap', 'none'),
  /** Who is asked for collateral of hardware; the makers' own services for null. */
  endpoints: nullable(endpointsShape),
})
export type ProviderConfig = Shaped<typeof providerConfigShape>

/** @throws provider/bad-config where there is no JSON to read, provider/https-inside, protocol/bad-shape naming the field */
export function readConfig(path: string): ProviderConfig {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw fail('bad-config', { expected: 'a JSON file', cause })
  }
  const config = providerConfigShape(value)
  for (const url of [...config.stores.map((s) => s.url), ...config.committees.flatMap((c) => c.urls)])
    requireDialled(url)
  return config
}

// The enclave speaks plain HTTP over its channel, and what connects the channel adds no TLS: port 443 would not understand.
function requireDialled(url: string): void {
  const protocol = URL.parse(url)?.protocol
  if (protocol === 'https:') throw fail('https-inside', { expected: 'http://…', actual: url })
  if (protocol !== 'http:') throw fail('bad-config', { expected: 'a URL', actual: url })
}
