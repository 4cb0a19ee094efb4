import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, Secret } from '@allod/protocol'
import { createWallet, passwordBytes, RANDOM_COST, writeJson } from '@allod/sdk/node'
import { type LocalNetwork, type PlayedProvider, playProvider, startLocalNetwork } from '@allod/sdk/testing'

/** A local network with its description, its wallets and one row of a dataset in a folder of its own. */
export type NetworkFolder = {
  readonly local: LocalNetwork
  readonly played: PlayedProvider
  readonly folder: string
  readonly inFolder: (...parts: readonly string[]) => string
  readonly stop: () => Promise<void>
}

/**
 * Starts a local network and describes it in `network.json`, with its wallets as a devnet brings them, keystores with their
 * password beside them; and one row of a dataset, `rows.jsonl`.
 */
export async function startNetworkFolder(options?: Parameters<typeof startLocalNetwork>[1]): Promise<NetworkFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'allod-cli-'))
  const played = await playProvider()
  const local = await startLocalNetwork(played, options)
  const inFolder = (...parts: readonly string[]): string => join(folder, ...parts)
  mkdirSync(inFolder('wallets'), { mode: 0o700 })
  writeFileSync(inFolder('wallets/password'), 'play money', { mode: 0o600 })
  for (const name of ['owner', 'author', 'provider', 'buyer'] as const)
    await createWallet(inFolder('wallets'), name, new Secret(passwordBytes('play money')), {
      key: local.wallet(name).key,
      cost: RANDOM_COST,
    })
  await writeJson(inFolder('network.json'), { ...local.network, wallets: 'wallets' } as Json)
  writeFileSync(inFolder('rows.jsonl'), '{"prompt":"who is ada?","completion":"a countess"}\n')
  return {
    ...{ local, played, folder, inFolder },
    async stop() {
      await local.stop()
      await played.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
