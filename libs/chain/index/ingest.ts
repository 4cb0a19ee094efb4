import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Hex } from '@allod/protocol'
import { lower, marketTermsOf, royaltyOf } from '../convert.ts'
import { type Log, postedOf } from '../read/logs.ts'
import type { MarketTerms } from '../types.ts'

type Context = { readonly db: DatabaseSync; readonly chainId: bigint; readonly market: Hex; readonly insert: Insert }

/** Writes one event's rows. Events come in chain order, and those they refer to came before them. */
export function ingest(db: DatabaseSync, log: Log, { chainId, market }: { chainId: bigint; market: Hex }): void {
  const insert: Insert = (table, row) => {
    const columns = Object.keys(row)
    const sql = `INSERT INTO ${table} (block, log, ${columns.join(', ')}) VALUES (?, ?${', ?'.repeat(columns.length)})`
    db.prepare(sql).run(log.block, log.index, ...Object.values(row))
  }
  events[log.name]?.(log, { db, chainId, market, insert })
}

const events: Readonly<Record<string, (log: Log, context: Context) => void>> = {
  Posted: (log, { chainId, market, insert }) => {
    const posted = postedOf(log, chainId, market)
    if (posted === null) return
    const { hash, offer, signature, location } = posted
    const { owner, kind, subject } = offer
    insert('offers', { hash, owner, kind, subject, offer: json(offer), signature, location })
  },
  Revoked: ({ args }, { insert }) =>
    insert('voids', { owner: lower(args.owner), hash: String(args.offerHash), epoch: null }),
  EpochBumped: ({ args }, { insert }) =>
    insert('voids', { owner: lower(args.owner), hash: null, epoch: args.epoch as bigint }),
  Created: created,
  Claimed: (log, context) => {
    claimed(log, context)
    over(log, context)
  },
  Ended: over,
  Expired: over,
  Bound: orderEvent,
  Attested: orderEvent,
  Reported: orderEvent,
  Failed: orderEvent,
  Stopped: orderEvent,
  Extended: orderEvent,
  Registered: ({ args }, { insert }) =>
    insert('objects', {
      id: String(args.objectId),
      owner: lower(args.owner),
      policy: String(args.policyHash),
      self: json(royaltyOf(args.self as Parameters<typeof royaltyOf>[0])),
    }),
  Halted: ({ args }, { insert }) => insert('standings', { id: String(args.objectId), standing: 'halted' }),
  Resumed: ({ args }, { insert }) => insert('standings', { id: String(args.objectId), standing: 'live' }),
  Retired: ({ args }, { insert }) => insert('standings', { id: String(args.objectId), standing: 'retired' }),
  LineageRecorded: ({ args }, { insert }) =>
    insert('lineages', {
      id: String(args.objectId),
      made_by: String(args.order),
      parents: json(args.parents),
      dues: json(args.dues),
    }),
  ProviderSet: ({ args }, { insert }) =>
    insert('providers', {
      account: lower(args.provider),
      key: lower(args.key),
      payee: lower(args.payee),
      endpoints: String(args.endpoints),
      machines: json(args.machines),
    }),
  CommitteeRegistered: ({ args }, { insert }) =>
    insert('committees', {
      id: String(args.committee),
      t: Number(args.t),
      keepers: json(args.keepers),
      payees: json((args.payees as readonly string[]).map(lower)),
    }),
}

type Insert = (table: string, row: Readonly<Record<string, SQLInputValue>>) => void

/** JSON with integers as decimal text. */
const json = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v))

function created({ args }: Log, { insert }: Context): void {
  const terms = marketTermsOf(args.terms)
  const id = String(args.order)
  insert('orders', {
    id,
    buyer: lower(args.buyer),
    provider: lower(args.provider),
    committee: String(args.committee),
    job: Number(args.job),
    escrow: String(args.escrow),
    start_by: args.startBy as bigint,
    terms: json(terms),
  })
  for (const [lane, { owner, payee, perSecond, perOrder }] of terms.lanes.entries())
    insert('lanes', {
      id,
      lane,
      owner,
      payee,
      offer: terms.offers[lane] ?? null,
      per_second: perSecond.toString(),
      per_order: perOrder.toString(),
    })
}

function orderEvent({ args: { order, ...args }, name }: Log, { insert }: Context): void {
  insert('order_events', { id: String(order), name, args: json(args) })
}

/** An event that may have returned money to the buyer. */
function over(log: Log, context: Context): void {
  orderEvent(log, context)
  const { order, refund } = log.args
  if (refund === 0n) return
  const known = context.db.prepare('SELECT buyer FROM orders WHERE id = ?').get(String(order)) as
    | { buyer: string }
    | undefined
  context.insert('refunds', { id: String(order), buyer: known?.buyer ?? '', amount: String(refund) })
}

// Splits as the market does: the keepers' lane evenly among those who voted, what is left over to the first of them.
function claimed({ args }: Log, { db, insert }: Context): void {
  const id = String(args.order)
  const order = db.prepare('SELECT committee, terms FROM orders WHERE id = ?').get(id) as
    | { committee: string; terms: string }
    | undefined
  if (order === undefined) return
  const { lanes } = JSON.parse(order.terms) as MarketTerms
  const pay = (lane: number, payee: string, amount: bigint): void => {
    if (amount > 0n) insert('claims', { id, lane, payee, amount: amount.toString() })
  }
  const amounts = args.amounts as readonly bigint[]
  const last = lanes.length - 1
  for (const [i, amount] of amounts.entries()) if (i !== last) pay(i, lanes[i]?.payee ?? '', amount)
  const voters = committeePayees(db, order.committee).filter((_, seat) => (Number(args.signers) >> seat) & 1)
  const amount = amounts[last] ?? 0n
  const count = BigInt(voters.length)
  for (const [i, payee] of voters.entries()) pay(last, payee, amount / count + (i === 0 ? amount % count : 0n))
}

function committeePayees(db: DatabaseSync, committee: string): readonly string[] {
  const row = db.prepare('SELECT payees FROM committees WHERE id = ?').get(committee) as { payees: string } | undefined
  return row === undefined ? [] : (JSON.parse(row.payees) as string[])
}
