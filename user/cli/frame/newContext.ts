import { join } from 'node:path'
import { openAgentBook, openOrderBook, readNetwork } from '@allod/sdk/node'
import { connectTo } from '../devnet/connectTo.ts'
import type { Context } from './Context.ts'
import { chooseWallet } from './chooseWallet.ts'
import { readConfig } from './config.ts'

/** The context of one run; what is asked for twice is opened once. */
export async function newContext(given: Pick<Context, 'values' | 'positionals' | 'io' | 'out'>): Promise<Context> {
  const { values, io } = given
  const config = await readConfig(io.env)
  const local = once(() =>
    readNetwork(textOf(values.network) ?? io.env.ALLOD_NETWORK ?? config.settings.network ?? undefined),
  )
  return {
    ...given,
    config,
    local,
    orders: once(async () => openOrderBook(join((await local()).folder, 'orders'))),
    agents: once(async () => openAgentBook(join((await local()).folder, 'agents'))),
    allod: once(async () => connectTo((await local()).network)),
    wallet: once(async () => chooseWallet(textOf(values.as), { config, io, local: await local() })),
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make()
    return made
  }
}
