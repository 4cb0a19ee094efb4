import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Hex, newSigningKey, type Secret, type SigningKey } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { inBatches } from '../wire/inBatches.ts'
import { ownFolder, readJson, writeJson } from './files.ts'
import { decryptKey, encryptKey, keystoreAddress } from './keystore.ts'

/** A wallet in a folder, unopened. */
export type WalletFile = { readonly name: string; readonly address: Hex | null; readonly path: string }

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/
const SUFFIX = '.json'
/** Files read at once. */
const AT_ONCE = 100

/**
 * Writes a key to a new keystore file, folder 0700, file 0600.
 * @param options.key a fresh one unless given
 * @param options.cost scrypt's n
 * @throws sdk/bad-wallet-name, sdk/wallet-exists, sdk/empty-password
 */
export async function createWallet(
  folder: string,
  name: string,
  password: Secret,
  { key = newSigningKey(), cost }: { readonly key?: SigningKey; readonly cost?: number } = {},
): Promise<Wallet> {
  const path = walletPath(folder, name)
  if (password.expose().length === 0) throw fail('empty-password', { actual: name })
  await ownFolder(folder)
  if ((await readJson(path)) !== null) throw fail('wallet-exists', { actual: name })
  await writeJson(path, await encryptKey(key, password, cost))
  return { name, key }
}

/**
 * Opens a wallet.
 * @throws sdk/unknown-wallet, sdk/wrong-password, sdk/bad-keystore, sdk/keystore-exposed where others may read the file
 */
export async function openWallet(folder: string, name: string, password: Secret): Promise<Wallet> {
  const path = walletPath(folder, name)
  const keystore = await readJson(path)
  if (keystore === null) {
    const known = (await listWallets(folder)).map((w) => w.name)
    throw fail('unknown-wallet', { expected: known, actual: name })
  }
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw fail('keystore-exposed', {
      expected: '600',
      actual: (mode & 0o777).toString(8),
      hint: `run: chmod 600 ${path}`,
    })
  return { name, key: await decryptKey(keystore, password) }
}

/** The wallets of a folder, by name; none where there is no folder. */
export async function listWallets(folder: string): Promise<readonly WalletFile[]> {
  const files = await readdir(folder).catch(() => [])
  const names = files
    .filter((f) => f.endsWith(SUFFIX))
    .map((f) => f.slice(0, -SUFFIX.length))
    .filter((name) => NAME.test(name))
  return inBatches(names.sort(), AT_ONCE, async (name) => {
    const path = join(folder, name + SUFFIX)
    return { name, path, address: keystoreAddress(await readJson(path)) }
  })
}

function walletPath(folder: string, name: string): string {
  if (!NAME.test(name)) throw fail('bad-wallet-name', { expected: NAME.source, actual: name.slice(0, 80) })
  return join(folder, name + SUFFIX)
}
