import { jobKinds, offerArgs } from '@allod/chain'
import type { Allod } from '../allod.ts'
import { writerOf } from '../allod.ts'
import { fail } from '../errors.ts'
import { fund, requireMoney } from '../money/fund.ts'
import type { Wallet } from '../wallet/wallet.ts'
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
 * price, then the job to its provider. Broken off anywhere, `followOrder` goes on from the record.
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
  const placed = { ...record, transaction: await create(allod, wallet, quote, record) }
  await book.save(placed)
  onStep?.('placed')
  await sendJob(allod, placed)
  onStep?.('sent')
  return placed
}

async function create(allod: Allod, wallet: Wallet, quote: Quote, { order, spec, terms }: OrderRecord) {
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
  // The id commits to the lanes. Another id means that fees or royalties changed since the quote; the escrow still held.
  const isOurs = receipt.logs.some((log) => log.topics[1] === order)
  if (!isOurs)
    throw fail('quote-outdated', {
      expected: order,
      actual: receipt.logs.map((l) => l.topics[1]),
      meta: { transaction },
    })
  return transaction
}

// Where a provider is reached: the network's own by its description, another by what it registered.
async function providerOf({ network, chain }: Allod, owner: OrderRecord['provider']['address'] | undefined) {
  if (owner === undefined || owner === network.provider.address) return network.provider
  const registered = await (await chain.latest()).provider(owner)
  const url = registered?.endpoints.split(/\s+/)[0]
  if (url === undefined || !/^https?:\/\/\S+$/.test(url)) throw fail('no-endpoint', { actual: owner })
  return { url, address: owner }
}
