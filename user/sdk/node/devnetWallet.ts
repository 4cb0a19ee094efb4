import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Secret } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { passwordBytes } from './keystore.ts'
import type { LocalNetwork } from './readNetwork.ts'
import { openWallet } from './wallets.ts'

/** The folder of a devnet's own wallets; null for every other network. */
export const devnetWalletFolder = ({ network, folder }: LocalNetwork): string | null =>
  network.devnet && network.wallets !== null ? resolve(folder, network.wallets) : null

/** The name of the file that holds the devnet wallets' generated password. */
export const DEVNET_PASSWORD_FILE = 'password'

/**
 * Opens one of the devnet's own wallets; their password lies beside them, so they hold play money only. That the network
 * stays on this machine was checked when its description was parsed.
 * @throws sdk/no-devnet-wallets, sdk/unknown-wallet
 */
export async function devnetWallet(local: LocalNetwork, name: string): Promise<Wallet> {
  const folder = devnetWalletFolder(local)
  if (folder === null) throw fail('no-devnet-wallets', { actual: local.network.name })
  const password = await readFile(join(folder, DEVNET_PASSWORD_FILE), 'utf8').catch((cause: unknown) => {
    throw fail('no-devnet-wallets', { cause, actual: folder })
  })
  return openWallet(folder, name, new Secret(passwordBytes(password.trim())))
}
