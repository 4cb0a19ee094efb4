import { jobKinds, marketAbi, marketTermsOf, offerArgs } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { parseEventLogs, type TransactionReceipt } from 'viem'
import type { Allod } from '../allod.ts'
import { writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import { fund, requireMoney } from '../money/fund.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { endOrder } from './endOrder.ts'
import { type JobChoices, newJob } from './newJob.ts'
import type { OrderBook, OrderRecord } from './orderRecord.ts'
import { type Quote, requireMaxPrice } from './quote.ts'
import { sendJob } from './sendJob.ts'

export type PlaceOptions = JobChoices & {
  /** Keeps the order before any money moves. */
  readonly book: OrderBook
  /** The most to lock, in token units; the quote's total unless told. */
  readonly maxUnits?: bigint
  /** Told of each part as it is done. */
  readonly onStep?: (step: 'saved' | 'funded' | 'placed' | 'sent') => void
}

/**
 * Places an order: worked out and kept here first, then the deposit of what is missing, then one transaction that locks the
 * price, then the job to its provider. Broken off anywhere, `followOrder` goes on from the record. What was created at other
 * prices than quoted is ended at once.
 * @throws sdk/over-max-price, sdk/too-little-money, sdk/quote-outdated, market/…, provider/…
 */
export async function placeOrder(
  allod: Allod,
  wallet: Wallet,
  quote: Quote,
  options: PlaceOptions,
): Promise<OrderRecord> {
  const { book, maxUnits = quote.totalUnits, onStep, ...choices } = options
  requireMaxPrice(quote, maxUnits)
  if (quote.request.buyer !== wallet.key.address)
    throw fail('not-the-buyer', { expected: quote.request.buyer, actual: wallet.key.address })
  await requireMoney(allod, wallet, quote.totalUnits)
  const { network } = allod
  const { order, spec, terms } = await newJob(network, wallet, quote, choices)
  const provider = await providerOf(allod, terms.offers[0]?.owner)
  const record: OrderRecord = {
    version: 1,
    order,
    network: network.name,
    wallet: wallet.name,
    placedAt: Math.floor(Date.now() / 1000),
    labels: quote.shares.map((s) => s.label),
    provider,
    terms,
    spec,
    committee: network.committee,
    manifests: quote.manifests,
    transaction: null,
  }
  await book.save(record)
  onStep?.('saved')
  await fund(allod, wallet, quote.totalUnits)
  onStep?.('funded')
  const placed = await create(allod, wallet, { quote, record, book })
  await book.save(placed)
  onStep?.('placed')
  await sendJob(allod, placed)
  onStep?.('sent')
  return placed
}

async function create(
  allod: Allod,
  wallet: Wallet,
  { quote, record, book }: { readonly quote: Quote; readonly record: OrderRecord; readonly book: OrderBook },
): Promise<OrderRecord> {
  const { order, spec, terms } = record
  const { receipt, transaction } = await writerOf(allod, wallet).send('market', 'create', [
    quote.offers.map((o) => offerArgs(o.offer)),
    quote.offers.map((o) => o.signature),
    {
      committee: quote.committee,
      specHash: terms.specHash,
      salt: terms.salt,
      secs: terms.seconds,
      job: jobKinds[spec.kind],
      maxEscrow: quote.totalUnits,
    },
  ])
  const placed = { ...record, transaction }
  // The id commits to the lanes: another one means that fees or royalties changed since the quote, within the escrow.
  const created = createdIn(receipt, allod.network.addresses.market)
  if (created === null || created.order === order) return placed
  throw await endOutdated(allod, wallet, { placed, created, book })
}

type Created = { readonly order: Hex; readonly lanes: OrderRecord['terms']['lanes'] }

function createdIn({ logs }: TransactionReceipt, market: Hex): Created | null {
  const ours = logs.filter((log) => log.address.toLowerCase() === market)
  const [event] = parseEventLogs({ abi: marketAbi, logs: ours, eventName: 'Created' })
  if (event === undefined) return null
  const lanes = marketTermsOf(event.args.terms).lanes.map((lane) => ({
    ...lane,
    perSecond: String(lane.perSecond),
    perOrder: String(lane.perOrder),
  }))
  return { order: event.args.order, lanes }
}

// Only its terms give its money back, and only their event has them: they are kept first, in case the end does not get through.
// Where they cannot be kept, the end is all the more wanted.
async function endOutdated(
  allod: Allod,
  wallet: Wallet,
  { placed, created, book }: { readonly placed: OrderRecord; readonly created: Created; readonly book: OrderBook },
): Promise<Error> {
  const { order, lanes } = created
  const actual = { ...placed, order, terms: { ...placed.terms, lanes } }
  await book.save(actual).catch(() => undefined)
  const outdated = (meta: { readonly isRefunded: boolean }, cause?: unknown) =>
    fail('quote-outdated', {
      expected: placed.order,
      actual: order,
      meta: { transaction: placed.transaction, ...meta },
      ...(cause === undefined ? {} : { cause }),
    })
  return endOrder(allod, wallet, actual).then(
    () => outdated({ isRefunded: true }),
    (cause: unknown) => outdated({ isRefunded: false }, cause),
  )
}

// Where a provider is reached: the network's own by its description, another by what it registered.
async function providerOf({ network, chain }: Allod, owner: OrderRecord['provider']['address'] | undefined) {
  if (owner === undefined || owner === network.provider.address) return network.provider
  const registered = await (await chain.latest()).provider(owner)
  const url = registered?.endpoints.split(/\s+/)[0]
  if (url === undefined || !/^https?:\/\/\S+$/.test(url)) throw fail('no-endpoint', { actual: owner })
  return { url, address: owner }
}
