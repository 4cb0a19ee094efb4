import {
  type Allod,
  describePolicy,
  formatAmount,
  formatRate,
  getOffer,
  kindOf,
  type Listing,
  objectOf,
} from '@allod/sdk'
import type { Command } from '../../frame/command.ts'
import { jsonOf } from '../../render/jsonOf.ts'
import { pairs } from '../../render/pairs.ts'
import { formatSeconds } from '../../render/transfer.ts'

export const command: Command = {
  arguments: ['<offer>'],
  options: {},
  about:
    'By its hash, the beginning of it, or its name. Says who can read the object, whether it is kept, and what the public sees.',
  async run({ positionals, out, allod }) {
    const network = await allod()
    const listing = await out.step('reading the offer', () => getOffer(network, positionals[0] ?? ''))
    const policy = await policyOf(network, listing)
    const { t, members } = network.network.committee
    const words = policy && describePolicy(policy, { t, n: members.length })
    out.result(jsonOf({ kind: kindOf(listing), ...listing, policy, words }), text(network, listing, words))
  },
}

const policyOf = async (allod: Allod, { offer }: Listing) =>
  /^0x0+$/.test(offer.manifestHash) ? null : (await objectOf(allod, offer.manifestHash)).policy

function text({ network }: Allod, listing: Listing, words: ReturnType<typeof describePolicy> | null): string {
  const { offer, description } = listing
  const limit = (n: number): string => (n === 0 ? 'no limit' : String(n))
  return pairs([
    ['offer', listing.hash],
    ['kind', kindOf(listing)],
    ['name', description?.name ?? '(no words)'],
    ['summary', description?.summary ?? ''],
    ...Object.entries(description?.facts ?? {}).map(([name, value]): [string, string] => [`  ${name}`, value]),
    ['owner', offer.owner],
    [
      'price',
      `${formatRate(BigInt(offer.perSecond), network.currency)} + ${formatAmount(BigInt(offer.perOrder), network.currency)} per order`,
    ],
    ['term', `${formatSeconds(offer.minSeconds)} to ${formatSeconds(offer.maxSeconds)}`],
    ['at once', limit(offer.capacity)],
    ['in all', limit(offer.maxRuns)],
    ['until', new Date(offer.expiry * 1000).toISOString()],
    ['state', listing.state],
    ...(words === null
      ? []
      : ([
          ['who can read it', words.whoCanRead],
          ['is it kept', words.isItKept],
          ['what leaves', words.whatLeaves],
          ['the public sees', words.whatThePublicSees],
        ] as const)),
  ])
}
