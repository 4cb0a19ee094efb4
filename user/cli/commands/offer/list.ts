import { formatAmount, formatRate, kindOf, type Listing, listOffers, type OfferKindName } from '@allod/sdk'
import type { Command } from '../../frame/command.ts'
import { fail } from '../../frame/errors.ts'
import { columns, shortHex } from '../../render/columns.ts'
import { jsonOf } from '../../render/jsonOf.ts'

const kinds: readonly OfferKindName[] = ['model', 'dataset', 'adapter', 'engine', 'compute']

export const command: Command = {
  arguments: [],
  options: {
    kind: { type: 'string', value: '<kind>', says: `only ${kinds.join(', ')}` },
    all: { type: 'boolean', says: 'those that cannot be ordered now, too' },
  },
  about: 'Read from the chain; signatures are checked here. Names and figures are the owners’ words.',
  async run({ values, out, allod }) {
    const kind = kinds.find((k) => k === values.kind)
    if (values.kind !== undefined && kind === undefined)
      throw fail('bad-usage', { expected: kinds, actual: String(values.kind) })
    const network = await allod()
    const listings = await out.step('reading offers', () =>
      listOffers(network, { ...(kind ? { kind } : {}), isAll: values.all === true }),
    )
    const { currency } = network.network
    const row = (l: Listing): readonly string[] => [
      shortHex(l.hash),
      kindOf(l),
      l.description?.name ?? '(no words)',
      formatRate(BigInt(l.offer.perSecond), currency),
      formatAmount(BigInt(l.offer.perOrder), currency),
      l.state,
      shortHex(l.offer.owner),
    ]
    const heading = ['offer', 'kind', 'name', 'per hour', 'per order', 'state', 'owner'].map(out.paint.bold)
    out.result(
      listings.map((l) => jsonOf({ kind: kindOf(l), ...l })),
      listings.length === 0 ? 'no offers' : columns([heading, ...listings.map(row)], { right: [3, 4] }),
    )
    if (listings.length > 0) out.note('more of one: npx allod offer get <offer>')
  },
}
