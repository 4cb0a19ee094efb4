import { type Hex, newCommittee } from '@allod/protocol'

const address = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

const keepers = [1, 2, 3].map((n) => ({
  url: `http://127.0.0.1:71${n}`,
  keys: { hpkeKey: `0x${n.toString(16).padStart(2, '0').repeat(1216)}` as Hex, address: address(100 + n) },
}))

/** A devnet's description, as `allod up` writes it. */
export const devnetDescription = {
  version: 1,
  name: 'devnet',
  devnet: true,
  chainId: '31337',
  rpcUrls: ['http://127.0.0.1:8545'],
  addresses: {
    token: address(1),
    catalog: address(2),
    assets: address(3),
    registry: address(4),
    trust: address(5),
    market: address(6),
  },
  fromBlock: 0,
  currency: { symbol: 'USDX', decimals: 6 },
  finality: { kind: 'depth', blocks: 1 },
  stores: [1, 2].map((n) => ({ url: `http://127.0.0.1:72${n}`, address: address(200 + n) })),
  keepers,
  committee: newCommittee(
    2,
    keepers.map((k) => k.keys),
  ),
  gateway: { url: 'http://127.0.0.1:7300' },
  provider: { url: 'http://127.0.0.1:7400', address: address(300) },
  trust: { simulatedRoot: hash(7), isUnisolatedAllowed: false },
  builds: { runtime: hash(8), keeper: hash(9) },
  wallets: 'wallets',
} as const
