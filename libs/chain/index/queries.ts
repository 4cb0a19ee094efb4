import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Hex, Offer } from '@allod/protocol'
import { type JobKind, jobKinds, type MarketTerms, type OrderState } from '../types.ts'

/** An offer as it was posted, and whether its owner has voided it since. */
export type IndexedOffer = {
  readonly hash: Hex
  readonly offer: Offer
  readonly signature: Hex
  readonly location: string
  readonly block: bigint
  readonly isVoid: boolean
}

/** An order as its events tell it. `settled` is told by the money: nothing is left of what was locked. */
export type IndexedOrder = {
  readonly order: Hex
  readonly buyer: Hex
  readonly provider: Hex
  readonly committee: Hex
  readonly job: JobKind
  readonly state: Exclude<OrderState, 'none'>
  readonly isReported: boolean
  readonly generation: number
  readonly attestedSeconds: number
  /** Locked at first and by extensions, paid to payees, returned to the buyer; token units. */
  readonly locked: bigint
  readonly paid: bigint
  readonly refunded: bigint
  readonly terms: MarketTerms
  readonly block: bigint
}

export type IndexedClaim = {
  readonly order: Hex
  readonly lane: number
  readonly payee: Hex
  readonly amount: bigint
  readonly block: bigint
}

export type IndexedObject = {
  readonly objectId: Hex
  readonly owner: Hex
  readonly policyHash: Hex
  readonly standing: 'live' | 'halted' | 'retired'
  /** The order that derived it; null for an original. */
  readonly derivedBy: Hex | null
  readonly parents: readonly Hex[]
}

export type IndexedProvider = {
  readonly provider: Hex
  readonly key: Hex
  readonly payee: Hex
  readonly endpoints: string
  readonly machines: readonly Hex[]
}

/** What can be asked of the tables. Newest first, at most `limit` rows, 1,000 unless told; but ids of orders are all there. */
export type Queries = {
  readonly offers: (filter?: { readonly owner?: Hex; readonly limit?: number }) => readonly IndexedOffer[]
  readonly orders: (filter?: {
    readonly buyer?: Hex
    readonly provider?: Hex
    readonly limit?: number
  }) => readonly IndexedOrder[]
  readonly order: (order: Hex) => IndexedOrder | null
  /** Every order, oldest first. */
  readonly orderIds: () => readonly Hex[]
  readonly claims: (filter?: {
    readonly payee?: Hex
    readonly order?: Hex
    readonly limit?: number
  }) => readonly IndexedClaim[]
  /** All that a payee was ever paid, token units. */
  readonly earnings: (payee: Hex) => bigint
  readonly objects: (filter?: { readonly owner?: Hex; readonly limit?: number }) => readonly IndexedObject[]
  readonly providers: () => readonly IndexedProvider[]
}

type Row = Record<string, string | bigint | null>

/** Queries over an index's tables. */
export function queries(db: DatabaseSync): Queries {
  const all = (sql: string, ...values: readonly SQLInputValue[]): readonly Row[] => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all(...values) as Row[]
  }
  const sum = (sql: string, ...values: readonly SQLInputValue[]): bigint =>
    all(sql, ...values).reduce((total, { amount }) => total + BigInt(amount ?? 0), 0n)

  const orderOf = (row: Row): IndexedOrder => {
    const id = String(row.id)
    const events = all('SELECT name, args FROM order_events WHERE id = ? ORDER BY block, log', id).map((e) => ({
      name: String(e.name),
      args: JSON.parse(String(e.args)) as Record<string, string | number>,
    }))
    const named = (name: string) => events.filter((e) => e.name === name)
    const added = named('Extended').reduce((total, e) => total + BigInt(e.args.added ?? 0), 0n)
    const locked = BigInt(row.escrow ?? 0) + added
    const paid = sum('SELECT amount FROM claims WHERE id = ?', id)
    const refunded = sum('SELECT amount FROM refunds WHERE id = ?', id)
    const isOver = named('Ended').length + named('Expired').length > 0
    const terms = JSON.parse(String(row.terms)) as MarketTerms
    return {
      order: id as Hex,
      buyer: row.buyer as Hex,
      provider: row.provider as Hex,
      committee: row.committee as Hex,
      job: (Object.entries(jobKinds).find(([, n]) => BigInt(n) === row.job)?.[0] ?? 'run') as JobKind,
      state: isOver
        ? locked === paid + refunded
          ? 'settled'
          : 'ended'
        : named('Bound').length > 0
          ? 'active'
          : 'open',
      isReported: named('Reported').length > 0,
      generation: Number(named('Bound').at(-1)?.args.generation ?? 0),
      attestedSeconds: Number(named('Attested').at(-1)?.args.attestedSeconds ?? 0),
      locked,
      paid,
      refunded,
      terms: {
        ...terms,
        lanes: terms.lanes.map((l) => ({ ...l, perSecond: BigInt(l.perSecond), perOrder: BigInt(l.perOrder) })),
      },
      block: BigInt(row.block ?? 0),
    }
  }

  return {
    offers: ({ owner, limit } = {}) =>
      all(
        `SELECT *, EXISTS (SELECT 1 FROM voids WHERE voids.owner = offers.owner AND
           (voids.hash = offers.hash OR voids.epoch > json_extract(offer, '$.epoch'))) AS is_void
         FROM offers ${where({ owner })} ORDER BY block DESC, log DESC ${top(limit)}`,
        ...given(owner),
      ).map((row) => ({
        hash: row.hash as Hex,
        offer: JSON.parse(String(row.offer)) as Offer,
        signature: row.signature as Hex,
        location: String(row.location),
        block: BigInt(row.block ?? 0),
        isVoid: row.is_void === 1n,
      })),
    orders: ({ buyer, provider, limit } = {}) =>
      all(
        `SELECT * FROM orders ${where({ buyer, provider })} ORDER BY block DESC, log DESC ${top(limit)}`,
        ...given(buyer, provider),
      ).map(orderOf),
    orderIds: () => all('SELECT id FROM orders ORDER BY block, log').map((row) => row.id as Hex),
    order: (order) => all('SELECT * FROM orders WHERE id = ?', order).map(orderOf)[0] ?? null,
    claims: ({ payee, order, limit } = {}) =>
      all(
        `SELECT * FROM claims ${where({ payee, id: order })} ORDER BY block DESC, log DESC, lane ${top(limit)}`,
        ...given(payee, order),
      ).map((row) => ({
        order: row.id as Hex,
        lane: Number(row.lane),
        payee: row.payee as Hex,
        amount: BigInt(row.amount ?? 0),
        block: BigInt(row.block ?? 0),
      })),
    earnings: (payee) => sum('SELECT amount FROM claims WHERE payee = ?', payee),
    objects: ({ owner, limit } = {}) =>
      all(
        `SELECT objects.*, lineages.made_by, lineages.parents,
           (SELECT standing FROM standings WHERE standings.id = objects.id ORDER BY block DESC, log DESC LIMIT 1) AS standing
         FROM objects LEFT JOIN lineages ON lineages.id = objects.id
         ${where({ owner })} ORDER BY objects.block DESC, objects.log DESC ${top(limit)}`,
        ...given(owner),
      ).map((row) => ({
        objectId: row.id as Hex,
        owner: row.owner as Hex,
        policyHash: row.policy as Hex,
        standing: (row.standing ?? 'live') as IndexedObject['standing'],
        derivedBy: (row.made_by ?? null) as Hex | null,
        parents: JSON.parse(String(row.parents ?? '[]')) as Hex[],
      })),
    providers: () =>
      all(
        `SELECT * FROM providers AS p WHERE NOT EXISTS (SELECT 1 FROM providers AS q WHERE q.account = p.account AND
           (q.block > p.block OR (q.block = p.block AND q.log > p.log))) ORDER BY account LIMIT 1000`,
      ).map((row) => ({
        provider: row.account as Hex,
        key: row.key as Hex,
        payee: row.payee as Hex,
        endpoints: String(row.endpoints),
        machines: JSON.parse(String(row.machines)) as Hex[],
      })),
  }
}

/** Conditions on the columns that were given; the values go in as parameters. */
function where(columns: Readonly<Record<string, Hex | undefined>>): string {
  const conditions = Object.entries(columns).flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ?`]))
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

const given = (...values: readonly (Hex | undefined)[]): readonly Hex[] => values.filter((v) => v !== undefined)

const top = (limit = 1000): string => `LIMIT ${Math.max(0, Math.floor(limit))}`
