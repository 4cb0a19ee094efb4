import { readFile } from 'node:fs/promises'
import { Secret } from '@allod/protocol'
import type { Wallet } from '@allod/sdk'
import {
  devnetWallet,
  devnetWalletFolder,
  type LocalNetwork,
  listWallets,
  openWallet,
  passwordBytes,
} from '@allod/sdk/node'
import type { Io } from './Context.ts'
import type { Config } from './config.ts'
import { fail } from './errors.ts'
import { askSecret } from './prompt.ts'

type Around = { readonly config: Config; readonly io: Io; readonly local: LocalNetwork }

/** Who acts on a devnet where nobody was named. */
const DEVNET_DEFAULT = 'developer'

/**
 * The wallet named, else the one of `$ALLOD_WALLET`, else the configured one, else on a devnet the developer's. On a devnet
 * the network's own wallets come first.
 * @throws cli/no-wallet, cli/no-password, sdk/unknown-wallet, sdk/wrong-password
 */
export async function chooseWallet(named: string | undefined, { config, io, local }: Around): Promise<Wallet> {
  const folder = devnetWalletFolder(local)
  const name = named ?? io.env.ALLOD_WALLET ?? config.settings.wallet ?? (folder === null ? undefined : DEVNET_DEFAULT)
  if (name === undefined) throw fail('no-wallet')
  const isDevnets = folder !== null && (await listWallets(folder)).some((w) => w.name === name)
  if (isDevnets) return devnetWallet(local, name)
  const isKnown = (await listWallets(config.keystore)).some((w) => w.name === name)
  // An unknown name is said before anybody is asked for a password.
  const password = isKnown ? await passwordFor(`password of wallet ${name}`, io) : new Secret(new Uint8Array())
  return openWallet(config.keystore, name, password)
}

/**
 * A password that a new keystore is to have. Typed unseen, it is asked for twice: nobody could ever open what a slip has sealed.
 * @throws cli/no-password, cli/passwords-differ
 */
export async function newPasswordFor(name: string, io: Io): Promise<Secret> {
  const given = await givenPassword(io)
  if (given !== null) return given
  const typed = await askSecret(`a password for wallet ${name}`, io)
  if (typed !== (await askSecret('the same once more', io))) throw fail('passwords-differ')
  return new Secret(passwordBytes(typed))
}

/** A wallet's password: from `$ALLOD_PASSWORD_FILE`, `$ALLOD_PASSWORD`, or whoever sits there. @throws cli/no-password */
export async function passwordFor(question: string, io: Io): Promise<Secret> {
  return (await givenPassword(io)) ?? new Secret(passwordBytes(await askSecret(question, io)))
}

async function givenPassword({ env }: Io): Promise<Secret | null> {
  const { ALLOD_PASSWORD_FILE: file, ALLOD_PASSWORD: word } = env
  if (file !== undefined && file !== '') {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw fail('no-password', { cause, actual: file })
    })
    return new Secret(passwordBytes(text.replace(/\r?\n$/, '')))
  }
  return word === undefined || word === '' ? null : new Secret(passwordBytes(word))
}
