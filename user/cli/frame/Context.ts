import type { Allod, OrderBook, Wallet } from '@allod/sdk'
import type { AgentBook, LocalNetwork } from '@allod/sdk/node'
import type { Values } from './command.ts'
import type { Config } from './config.ts'
import type { Output } from './Output.ts'

/** What the process gives; tests give their own. */
export type Io = {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** What a command works with. Network and wallet are opened when first asked for. */
export type Context = {
  readonly values: Values
  readonly positionals: readonly string[]
  readonly io: Io
  readonly out: Output
  readonly config: Config
  readonly local: () => Promise<LocalNetwork>
  readonly allod: () => Promise<Allod>
  /** Orders placed from here, and agents known here: beside the network's description. */
  readonly orders: () => Promise<OrderBook>
  readonly agents: () => Promise<AgentBook>
  /** @throws cli/no-wallet, cli/no-password, sdk/unknown-wallet, sdk/wrong-password */
  readonly wallet: () => Promise<Wallet>
}
