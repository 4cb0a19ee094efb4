import { join } from 'node:path'
import { fileJournal } from '@allod/content/node/journal'
import { isAllodError, type Policy, policyHash } from '@allod/protocol'
import { type SealingJournal, sealedNoteShape } from '../publish/SealingJournal.ts'
import { journalKey } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { ownFolder, readJson, writeJson } from './files.ts'
import { watchFolder } from './watchFolder.ts'

/**
 * A journal with which a broken-off sealing goes on: one for each wallet, policy and name of the thing sealed. What it keeps
 * of the key is itself sealed under the wallet's, and gone once the object is stored; a note of the object stays. Two sealings
 * at once under one policy and name would share it: the second is refused with content/journal-busy.
 */
export async function sealingJournal(
  folder: string,
  wallet: Wallet,
  { policy, name }: { readonly policy: Policy; readonly name: string },
): Promise<SealingJournal> {
  await ownFolder(folder)
  const file = `${policyHash(policy).slice(2, 18)}-${name.replaceAll(/[^a-zA-Z0-9-]/g, '_').slice(0, 64)}`
  const note = join(folder, `${file}.sealed.json`)
  return {
    chunks: fileJournal(join(folder, `${file}.journal`), await journalKey(wallet)),
    watch: watchFolder,
    // A note that cannot be read costs another sealing, and nothing else.
    async note() {
      try {
        const value = await readJson(note)
        return value === null ? null : sealedNoteShape(value)
      } catch (error) {
        if (!isAllodError(error)) throw error
        return null
      }
    },
    keep: (sealed) => writeJson(note, sealed),
  }
}
