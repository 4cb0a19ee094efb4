import { join } from 'node:path'
import { fileJournal } from '@allod/content/node'
import type { Journal } from '@allod/content/seal'
import { type Policy, policyHash } from '@allod/protocol'
import { journalKey } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { ownFolder } from './files.ts'

/**
 * A journal with which a broken-off sealing goes on: one for each wallet, policy and name of the thing sealed. What it keeps
 * of the key is itself sealed under the wallet's.
 */
export async function sealingJournal(
  folder: string,
  wallet: Wallet,
  { policy, name }: { readonly policy: Policy; readonly name: string },
): Promise<Journal> {
  await ownFolder(folder)
  const file = `${policyHash(policy).slice(2, 18)}-${name.replaceAll(/[^a-zA-Z0-9-]/g, '_').slice(0, 64)}.journal`
  return fileJournal(join(folder, file), await journalKey(wallet))
}
