import { getOffer, revokeOffer } from '@allod/sdk'
import type { Command } from '../../frame/command.ts'

export const command: Command = {
  arguments: ['<offer>'],
  options: {},
  about: 'Nobody can order on it any more. Orders that run go on to their end and are paid.',
  async run({ positionals, out, allod, wallet }) {
    const network = await allod()
    const listing = await getOffer(network, positionals[0] ?? '')
    const owner = await wallet()
    const transaction = await out.step('revoking', () => revokeOffer(network, owner, listing.hash))
    out.result({ hash: listing.hash, transaction }, `revoked ${listing.hash}`)
  },
}
