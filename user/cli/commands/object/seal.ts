import { basename, join } from 'node:path'
import { newPolicy, sealObject } from '@allod/sdk'
import { folderOrFile, sealingJournal } from '@allod/sdk/node'
import { policyChoices, policyOptions } from '../../flows/policyOptions.ts'
import type { Command } from '../../frame/command.ts'
import { pairs } from '../../render/pairs.ts'

export const command: Command = {
  arguments: ['<folder>'],
  options: {
    name: {
      type: 'string',
      value: '<name>',
      says: 'known only to those who may open it; the folder’s name unless told',
    },
    unpadded: { type: 'boolean', says: 'let its exact size be seen' },
    ...policyOptions,
  },
  about:
    'Encrypted on this device, its key split to the keepers, stored twice and registered. Broken off, it goes on where it was.',
  async run({ positionals, values, io, out, allod: open, wallet: act, local }) {
    const [path = ''] = positionals
    const allod = await open()
    const wallet = await act()
    const name = String(values.name ?? basename(path))
    const owner = wallet.key.address
    const policy = newPolicy(allod.network, owner, { buyers: [owner], ...(await policyChoices(values, allod)) })
    const folder = await folderOrFile(path)
    const totalBytes = folder.files.reduce((sum, f) => sum + f.sizeBytes, 0)
    const sealed = await out.step('sealing', async (spinner) =>
      sealObject(allod, wallet, {
        folder,
        policy,
        name,
        isPadded: values.unpadded !== true,
        journal: await sealingJournal(join((await local()).folder, 'sealing'), wallet, { policy, name }),
        signal: io.signal,
        onProgress: (doneBytes) => spinner.progress({ doneBytes, totalBytes }),
      }),
    )
    const { objectId, manifestHash, transaction } = sealed
    out.result(
      { objectId, manifestHash, transaction },
      pairs([
        ['object', objectId],
        ['manifest', manifestHash],
      ]),
    )
    out.note(`order with it: npx allod finetune --data ${manifestHash} --model <offer>`)
  },
}
