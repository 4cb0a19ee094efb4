import { describePolicy, objectHolders } from '@allod/sdk'
import { namedObject } from '../../flows/namedObject.ts'
import { replicateHint } from '../../flows/replicateHint.ts'
import type { Command } from '../../frame/command.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { pairs } from '../../render/pairs.ts'
import { formatBytes } from '../../render/transfer.ts'

export const command: Command = {
  arguments: ['<manifest|offer>'],
  options: {},
  about: 'Who owns it, who can read it, where it stands. By its manifest’s hash, or by an offer on it.',
  async run({ positionals, out, allod: open }) {
    const allod = await open()
    const [named = ''] = positionals
    const object = await out.step('reading the object', () => namedObject(allod, named))
    const { t, shares } = object.manifest
    const held = await objectHolders(allod, object.manifest)
    const words = describePolicy(object.policy, { t, n: shares.length })
    const size = `${formatBytes(object.storedBytes)}${object.isPadded ? ', padded to its size class' : ''}`
    out.result(
      jsonOf({ ...object, words, holders: held.holders }),
      pairs([
        ['object', object.objectId],
        ['owner', object.owner],
        ['stored', size],
        ['held by', `${held.holders.length} of ${held.stores} stores`],
        ['key', `split to ${shares.length} keepers, any ${t} open it`],
        ['standing', `${object.standing}${object.isDerived ? ', derived by an order' : ''}`],
        ['who can read it', words.whoCanRead],
        ['is it kept', words.isItKept],
        ['what leaves', words.whatLeaves],
        ['the public sees', words.whatThePublicSees],
      ]),
    )
    replicateHint(out, held)
  },
}
