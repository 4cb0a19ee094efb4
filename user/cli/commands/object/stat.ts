import { isHex } from '@allod/protocol'
import { describePolicy, getOffer, objectOf } from '@allod/sdk'
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
    const object = await out.step('reading the object', async () => {
      // A hash may be a manifest's or an offer's; the stores know the first, the chain the second.
      const direct = isHex(named, 32) ? await objectOf(allod, named).catch(() => null) : null
      return direct ?? objectOf(allod, (await getOffer(allod, named)).offer.manifestHash)
    })
    const { t, shares } = object.manifest
    const words = describePolicy(object.policy, { t, n: shares.length })
    const size = `${formatBytes(object.storedBytes)}${object.isPadded ? ', padded to its size class' : ''}`
    out.result(
      jsonOf({ ...object, words }),
      pairs([
        ['object', object.objectId],
        ['owner', object.owner],
        ['stored', size],
        ['key', `split to ${shares.length} keepers, any ${t} open it`],
        ['standing', `${object.standing}${object.isDerived ? ', derived by an order' : ''}`],
        ['who can read it', words.whoCanRead],
        ['is it kept', words.isItKept],
        ['what leaves', words.whatLeaves],
        ['the public sees', words.whatThePublicSees],
      ]),
    )
  },
}
