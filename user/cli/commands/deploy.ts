import { offerHash } from '@allod/protocol'
import {
  type Allod,
  encodeToken,
  getOffer,
  issueToken,
  newAgentCard,
  type OrderRecord,
  offerResult,
  type Quote,
  quote,
  type Wallet,
} from '@allod/sdk'
import { begunAgent } from '../flows/begunAgent.ts'
import { chooseOffer, policiesOf, signedOf } from '../flows/chooseOffer.ts'
import { integerOption, parametersOf } from '../flows/integerOption.ts'
import { payFor, payOptions, quoteJson } from '../flows/payFor.ts'
import { place } from '../flows/place.ts'
import { watch } from '../flows/watch.ts'
import type { Context } from '../frame/Context.ts'
import type { Command } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

export const command: Command = {
  arguments: ['<order>'],
  options: {
    name: { type: 'string', value: '<name>', says: 'the agent’s name; its card goes on from the one known here' },
    base: { type: 'string', value: '<offer>', says: 'the base model’s offer; the order’s own unless told' },
    engine: { type: 'string', value: '<offer>', says: 'the engine; the cheapest that serves unless told' },
    compute: { type: 'string', value: '<offer>', says: 'the machine; the cheapest unless told' },
    seconds: { type: 'string', value: '<n>', says: 'how long it serves; 3600 unless told' },
    param: { type: 'string', value: '<name=value>', says: 'an engine parameter; many times', multiple: true },
    ...payOptions,
  },
  about:
    'Registers what the fine-tuning order derived, places a second order on base and adapter, and keeps the agent’s signed card. The base model’s owner is paid from it. Broken off and given again, or given the second order, it goes on with what is placed and pays nothing more.',
  async run(context) {
    const { positionals, values, out, allod: open, wallet: act, orders, agents } = context
    const name = String(values.name ?? '')
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) throw fail('bad-usage', { expected: '--name with a-z, 0-9 and -' })
    const [allod, wallet, book, cards] = [await open(), await act(), await orders(), await agents()]
    const given = await book.get(positionals[0] ?? '')
    const begun = await begunAgent(context, allod, given, name)
    if (begun !== null && values['dry-run'] === true)
      return out.result({ agent: name, order: begun.order, totalUnits: '0' }, 'nothing more is paid')
    const { record, price } = begun
      ? { record: begun, price: null }
      : await ordered(context, [allod, wallet], given, name)
    if (record === null) return
    const known = await cards.find(name)
    const isKept = known?.orders.at(-1) === record.order
    const card = isKept ? known : newAgentCard(wallet, record, { name, known })
    const command = goOn(name)(record.order.slice(0, 12))
    const { step, reason } = await watch(context, allod, record, { wallet, until: ['serving'], command })
    if (step !== 'serving') throw fail('order-failed', { actual: reason ?? step })
    await cards.save(card)
    const token = encodeToken(await issueToken(wallet, record))
    const quoted = price === null ? null : quoteJson(price)
    out.line({ agent: name, order: record.order, card, token, quote: quoted }, name)
    out.note(`talk to it: npx allod chat ${name} "hello"\nlet others: npx allod agent token ${name}`)
  },
}

const goOn =
  (name: string) =>
  (order: string): string =>
    `npx allod deploy ${order} --name ${name}`

type Ordered = { readonly record: OrderRecord | null; readonly price: Quote }

/** Shows the price, asks, and places the order that serves; its name is kept with it before any money moves. */
async function ordered(
  context: Context,
  [allod, wallet]: readonly [Allod, Wallet],
  tuned: OrderRecord,
  name: string,
): Promise<Ordered> {
  const { values, out, agents } = context
  const cards = await agents()
  const request = await requestOf(context, allod, wallet, tuned)
  const price = await out.step('working out the price', () => quote(allod, request))
  if (!(await payFor(context, allod, price))) return { record: null, price }
  const record = await place(context, [allod, wallet], {
    quote: price,
    parameters: parametersOf(values.param),
    onSaved: ({ order }) => cards.begin(name, { tuned: tuned.order, order }),
    onRefused: () => cards.begin(name, null),
    command: goOn(name),
  })
  return { record, price }
}

async function requestOf({ values, out }: Context, allod: Allod, wallet: Wallet, tuned: OrderRecord) {
  const seconds = integerOption(values, 'seconds', { otherwise: 3600, min: 1, max: 31_536_000 })
  const { base, engine, compute } = await out.step('reading offers', async () => {
    const base = typeof values.base === 'string' ? await getOffer(allod, values.base) : await baseOf(allod, tuned)
    // What is derived is under the policies of all that it was made of.
    const policies = [...(await policiesOf(allod, [base])), ...Object.values(tuned.manifests).map((m) => m.policy)]
    return {
      base,
      engine: await chooseOffer(allod, values.engine, { kinds: ['engine'], job: 'serve', seconds, policies }),
      compute: await chooseOffer(allod, values.compute, { kinds: ['compute'], seconds, policies }),
    }
  })
  // The derived object always comes with an offer, its owner's own at no price, so that its ancestors are paid.
  const { signed: adapter } = await out.step('registering the result', () => offerResult(allod, wallet, tuned))
  return {
    kind: 'serve',
    buyer: wallet.key.address,
    compute: signedOf(compute),
    engine: signedOf(engine),
    inputs: { base: { kind: 'offer', offer: signedOf(base) }, adapter: { kind: 'offer', offer: adapter } },
    seconds,
  } as const
}

async function baseOf(allod: Allod, { spec, terms }: OrderRecord) {
  const { model } = spec.inputs
  const offer = terms.offers.find((o) => model?.kind === 'object' && o.subject === model.objectId)
  if (offer === undefined)
    throw fail('bad-usage', { expected: '--base <offer>', actual: 'no base model in this order' })
  return getOffer(allod, offerHash(offer))
}
