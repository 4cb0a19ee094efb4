import { join } from 'node:path'
import type { Windows } from './deploy.ts'

/** Where everything of the devnet lies, below the folder it was given. */
export type Layout = {
  readonly root: string
  /** The description that owners, buyers and auditors read. */
  readonly description: string
  readonly wallets: string
  readonly builds: string
  readonly engines: string
  readonly processes: string
  /** Held by whoever brings the network up or takes it down; in a folder that nobody else can open. */
  readonly lock: string
  readonly chip: string
  readonly chipSocket: string
  readonly deployment: string
  readonly gatewayAdmin: string
  readonly dataOf: (name: string) => string
}

/** The layout below a folder. */
export function layoutOf(root: string): Layout {
  const inner = join(root, 'devnet')
  return {
    root,
    description: join(root, 'network.json'),
    wallets: join(root, 'wallets'),
    builds: join(inner, 'builds'),
    engines: join(inner, 'engines'),
    processes: join(inner, 'processes'),
    lock: join(inner, 'processes/lock'),
    chip: join(inner, 'chip'),
    chipSocket: join(inner, 'chip.sock'),
    deployment: join(inner, 'deployment.json'),
    gatewayAdmin: join(inner, 'gateway.sock'),
    dataOf: (name) => join(inner, name),
  }
}

/** Everybody with a key, and the play money they start with (6 decimals). */
export const people = {
  'model-owner': 0n,
  'engine-author': 0n,
  provider: 0n,
  'provider-daemon': 0n,
  'keeper-1': 0n,
  'keeper-2': 0n,
  'keeper-3': 0n,
  developer: 1_000_000_000n,
  curator: 0n,
} as const
export type Person = keyof typeof people

/** Keepers of the devnet's committee, any two of whom suffice. */
export const keeperNames = ['keeper-1', 'keeper-2', 'keeper-3'] as const
export const storeNames = ['store-1', 'store-2'] as const
/** Started in this order, stopped in the other. */
export const processNames = ['chain', 'chip', ...keeperNames, ...storeNames, 'gateway', 'provider'] as const

export const chainId = 31_337

/** Windows of the devnet's market, in seconds: a few, so that nobody's clock has to be moved. */
export const windows: Windows = { start: 120n, report: 20n, close: 6n, pause: 3600n }
