import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, Secret } from '@allod/protocol'
import { createWallet, passwordBytes, RANDOM_COST, writeJson } from '@allod/sdk/node'
import type { LocalNetwork } from '@allod/sdk/testing'

/**
 * Describes a local network in `network.json` with its wallets as a devnet brings them, keystores with their password beside
 * them; and one row of a dataset, `rows.jsonl`.
 */
export async function writeNetworkFolder(folder: string, local: LocalNetwork): Promise<void> {
  const wallets = join(folder, 'wallets')
  mkdirSync(wallets, { mode: 0o700 })
  writeFileSync(join(wallets, 'password'), 'play money', { mode: 0o600 })
  for (const name of ['owner', 'author', 'provider', 'buyer'] as const)
    await createWallet(wallets, name, new Secret(passwordBytes('play money')), {
      key: local.wallet(name).key,
      cost: RANDOM_COST,
    })
  await writeJson(join(folder, 'network.json'), { ...local.network, wallets: 'wallets' } as Json)
  writeFileSync(join(folder, 'rows.jsonl'), '{"prompt":"who is ada?","completion":"a countess"}\n')
}
