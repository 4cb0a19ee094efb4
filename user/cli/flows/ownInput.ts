import { basename, join } from 'node:path'
import type { FolderSource } from '@allod/content'
import { type Hex, isHex, type Policy } from '@allod/protocol'
import { type Allod, type InputChoice, objectOf, type SealChoices, type Wallet } from '@allod/sdk'
import { folderOrFile, sealingJournal } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'

/** Something of the buyer's own that an order shall read. */
export type OwnInput = { readonly choice: InputChoice; readonly seal: () => Promise<InputChoice> }

export type OwnInputOptions = {
  readonly policy: Policy
  /** Checks what lies there, and may leave some of it out. */
  readonly prepare: (folder: FolderSource) => Promise<FolderSource>
  readonly seal: (allod: Allod, wallet: Wallet, choices: SealChoices) => Promise<{ readonly manifestHash: Hex }>
  /** How a command line names it again once it is sealed. */
  readonly again: (manifestHash: Hex) => string
}

/**
 * A path, or the manifest hash of an object. What lies on this device is sealed only once the price is agreed to; until then
 * its policy is enough to work the price out. Broken off, the sealing goes on where it was; done, it need not be done again,
 * whatever becomes of the order.
 */
export async function ownInput(
  given: string,
  { out, io, local }: Pick<Context, 'out' | 'io' | 'local'>,
  [allod, wallet]: readonly [Allod, Wallet],
  { policy, prepare, seal, again }: OwnInputOptions,
): Promise<OwnInput> {
  if (isHex(given, 32)) {
    await objectOf(allod, given)
    const choice = { kind: 'own', manifestHash: given } as const
    return { choice, seal: async () => choice }
  }
  const folder = await prepare(await folderOrFile(given))
  const sealHere = () =>
    out.step(`sealing ${basename(given)}`, async (spinner): Promise<InputChoice> => {
      const totalBytes = folder.files.reduce((sum, f) => sum + f.sizeBytes, 0)
      const name = basename(given)
      const { manifestHash } = await seal(allod, wallet, {
        folder,
        policy,
        name,
        journal: await sealingJournal(join((await local()).folder, 'sealing'), wallet, { policy, name }),
        signal: io.signal,
        onProgress: (doneBytes) => spinner.progress({ doneBytes, totalBytes }),
      })
      out.note(`it is sealed; to order with it again: ${again(manifestHash)}`)
      return { kind: 'own', manifestHash }
    })
  return { choice: { kind: 'unsealed', policy }, seal: sealHere }
}
