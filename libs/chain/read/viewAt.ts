import type { BlockSeen, Hex } from '@allod/protocol'
import { type Abi, encodeEventTopics, toFunctionSelector } from 'viem'
import { assetsAbi, catalogAbi, marketAbi, registryAbi } from '../abi.ts'
import { laneOf, lower, marketTermsOf, offerArgs, type RawOrderState, royaltyOf, termsArgs } from '../convert.ts'
import { fail } from '../errors.ts'
import { orderIdOf } from '../orderIdOf.ts'
import { contractErrors } from '../revert.ts'
import { type Addresses, jobKinds, type OrderOnChain, orderStates, standings, type View } from '../types.ts'
import { callAt } from './calls.ts'
import type { ChainOptions } from './chainClient.ts'
import type { Endpoint } from './endpoints.ts'
import { logsBetween, postedOf } from './logs.ts'
import { moneyReads } from './moneyReads.ts'
import { trustReads } from './trustReads.ts'

const zero: Hex = `0x${'00'.repeat(32)}`

/** The chain at one block. */
export function viewAt(
  endpoints: readonly Endpoint[],
  addresses: Addresses,
  block: BlockSeen,
  { chainId, fromBlock = 0 }: Pick<ChainOptions, 'chainId' | 'fromBlock'>,
): View {
  const call = callAt(endpoints, block)
  const logs = (
    address: Hex,
    abi: Abi,
    topics: readonly (Hex | null)[],
    from = BigInt(fromBlock),
    to = BigInt(block.number),
  ) => logsBetween(endpoints, { address, abi, topics, fromBlock: from, toBlock: to })
  const { market, assets, registry, trust, catalog, token } = addresses
  const order = async (id: Hex) => orderOf(id, await call(market, marketAbi, 'orderOf', [id]))
  const posted = async (topics: readonly (Hex | null)[], from?: bigint) =>
    (await logs(catalog, catalogAbi, topics, from)).flatMap((log) => postedOf(log, chainId, market) ?? [])
  return {
    block,
    order,
    async windows() {
      const [start, report, close] = await Promise.all([
        call(market, marketAbi, 'startWindow', []),
        call(market, marketAbi, 'reportWindow', []),
        call(market, marketAbi, 'closeWindow', []),
      ])
      return { startSeconds: Number(start), reportSeconds: Number(report), closeSeconds: Number(close) }
    },
    async terms(id) {
      const { createdBlock } = await order(id)
      if (createdBlock === 0n) throw fail('unknown-order', { actual: id })
      const topics = topicsOf('Created', id)
      // Where the chain's own block numbers are not those that contracts see, the event lies elsewhere.
      const [there] = await logs(market, marketAbi, topics, createdBlock, createdBlock)
      const created = there ?? (await logs(market, marketAbi, topics))[0]
      if (created === undefined) throw fail('unknown-order', { actual: id })
      const terms = marketTermsOf(created.args.terms)
      if (orderIdOf(terms, chainId, market) !== id) throw fail('unknown-order', { actual: id })
      return terms
    },
    async orderEvents(id) {
      const { createdBlock } = await order(id)
      return createdBlock === 0n ? [] : logs(market, marketAbi, [null, id], createdBlock)
    },
    async offer(owner, hash) {
      const [[epoch, isRevoked], [running, runs]] = await Promise.all([
        call(catalog, catalogAbi, 'standing', [owner, hash]),
        call(market, marketAbi, 'usageOf', [hash]),
      ])
      return { epoch: Number(epoch), isRevoked, running: Number(running), runs: Number(runs) }
    },
    offersPosted: ({ fromBlock: from, owner, subject } = {}) => posted(topicsOfPosted({ owner, subject }), from),
    postedOffer: async (hash) => (await posted(topicsOfPosted({ offerHash: hash }))).at(-1) ?? null,
    async committee(id) {
      const [{ t, keepers, signers, payees }, [, perOrder, perSecond]] = await Promise.all([
        call(registry, registryAbi, 'committeeOf', [id]),
        call(registry, registryAbi, 'feeOf', [id]),
      ])
      const members = keepers.map((keeper, i) => ({ keeper, signer: lower(signers[i]), payee: lower(payees[i]) }))
      return { id, t, members, perOrder, perSecond }
    },
    async keeper(id) {
      const k = await call(registry, registryAbi, 'keeperOf', [id])
      return { ...k, id, account: lower(k.account), signer: lower(k.signer), payee: lower(k.payee) }
    },
    async provider(account) {
      const p = await call(registry, registryAbi, 'providerOf', [account])
      const key = lower(p.key)
      return /^0x0+$/.test(key) ? null : { key, payee: lower(p.payee), endpoints: p.endpoints, machines: p.machines }
    },
    async asset(objectId) {
      const [[owner, standing, dues], self, isDerived] = await Promise.all([
        call(assets, assetsAbi, 'duesOf', [objectId]),
        call(assets, assetsAbi, 'royaltyOf', [objectId]),
        call(assets, assetsAbi, 'isDerived', [objectId]),
      ])
      return {
        objectId,
        owner: lower(owner),
        standing: standings[standing] ?? 'unknown',
        isDerived,
        self: royaltyOf(self),
        dues: dues.map((d) => ({ ancestor: d.ancestor, owner: lower(d.owner), royalty: royaltyOf(d.royalty) })),
      }
    },
    async originOf(objectId) {
      const [log] = await logs(
        assets,
        assetsAbi,
        encodeEventTopics({ abi: assetsAbi, eventName: 'LineageRecorded', args: { objectId } }) as Hex[],
      )
      return log === undefined ? null : { market: lower(log.args.market), order: log.args.order as Hex }
    },
    ...trustReads(trust, call, logs),
    async keyRelease({ terms, enclave, build, objectId, offer }) {
      const [ok, reason] = await call(market, marketAbi, 'keyRelease', [
        termsArgs(terms),
        enclave,
        build ?? zero,
        objectId,
        offer ?? zero,
      ])
      return ok ? { ok } : { ok, reason: errorName(reason) }
    },
    ...moneyReads({ market, token }, call),
    async claimable(terms) {
      const [amounts, refund] = await call(market, marketAbi, 'claimable', [termsArgs(terms)])
      return { amounts, refund }
    },
    async quote(offers, committee, seconds) {
      const [lanes, escrow] = await call(market, marketAbi, 'quote', [offers.map(offerArgs), committee, seconds])
      return { lanes: lanes.map(laneOf), escrow }
    },
  }
}

const topicsOf = (eventName: 'Created', order: Hex): Hex[] =>
  encodeEventTopics({ abi: marketAbi, eventName, args: { order } }) as Hex[]

const topicsOfPosted = (args: { readonly [name in 'offerHash' | 'owner' | 'subject']?: Hex | undefined }) =>
  encodeEventTopics({ abi: catalogAbi, eventName: 'Posted', args }) as (Hex | null)[]

function orderOf(order: Hex, raw: RawOrderState): OrderOnChain {
  const job = (Object.entries(jobKinds).find(([, n]) => n === raw.job)?.[0] ?? null) as OrderOnChain['job']
  const startedAt = Number(raw.startedAt)
  return {
    order,
    state: orderStates[raw.state] ?? 'none',
    job,
    isVested: raw.isVested,
    isFailed: raw.isFailed,
    isReported: raw.reported !== zero,
    reported: raw.reported,
    committee: raw.committee,
    seconds: raw.secs,
    startBy: Number(raw.startBy),
    startedAt,
    endsAt: startedAt === 0 ? 0 : startedAt + raw.secs,
    endedAt: Number(raw.endedAt),
    enclave: lower(raw.enclave),
    generation: raw.generation,
    signers: raw.signers,
    attestedSeconds: raw.attestedSeconds,
    attestedUpTo: Number(raw.attestedUpTo),
    escrow: raw.escrow,
    createdBlock: raw.createdBlock,
  }
}

function errorName(selector: Hex): string {
  const known = contractErrors.find(
    (e) => toFunctionSelector(`${e.name}(${e.inputs.map((i) => i.type).join(',')})`) === selector,
  )
  return known === undefined ? selector : known.name.replace(/^Market_/, '')
}
