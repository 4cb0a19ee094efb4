import { type AssetOnChain, type ChainClient, marketTerms, type View, type Windows } from '@allod/chain'
import { fromHex, type Hex, sha256, toHex } from '@allod/protocol'
import type { ChainFacts, ChainQuery, ObjectSeen, OrderSeen, ReadChain, Release } from './ChainFacts.ts'

const NOTHING: Hex = `0x${'00'.repeat(32)}`
const NO_ROYALTY = { bps: 0, floorPerSecond: '0', floorPerOrder: '0' } as const

/** Reads what a decision needs, all at one block on which every RPC agrees. @throws chain/… where they do not */
export function readChain(client: ChainClient): ReadChain {
  let windows: Windows | null = null
  return async (query) => {
    const [latest, final] = await Promise.all([client.latest(), query.at === 'latest' ? null : client.final()])
    const view = final ?? latest
    // Constants of the contract.
    windows ??= await view.windows()
    const { closeSeconds } = windows
    const terms = query.release ? marketTerms(query.release.terms) : null
    const keyRelease = async (objectId: Hex, offer: Hex): Promise<Release | null> => {
      if (!query.release || !terms) return null
      const { enclave, build } = query.release
      const said = await view.keyRelease({ terms, enclave, build: orNull(build), objectId, offer: orNull(offer) })
      return { isAllowed: said.ok, reason: said.ok ? '' : said.reason }
    }
    const [order, release, provider, build, objects] = await Promise.all([
      readOrder(view, query.order, closeSeconds),
      keyRelease(NOTHING, NOTHING),
      query.provider === null ? null : view.provider(query.provider),
      readBuild(view, query),
      Promise.all(query.objects.map(({ objectId, offer }) => readObject(view, objectId, keyRelease(objectId, offer)))),
    ])
    return { block: view.block, headTime: latest.block.time, order, release, provider, build, objects }
  }
}

async function readOrder(view: View, id: Hex, closeSeconds: number): Promise<OrderSeen> {
  const { state, job, isVested, isReported, committee, enclave, generation, startedAt, ...order } = await view.order(id)
  const endsAt = order.endedAt === 0 ? order.endsAt : order.endedAt
  const times = { startedAt, endsAt, closesAt: endsAt + closeSeconds }
  // An order that does not exist has no kind; its state says so first.
  return { state, job: job ?? 'run', isVested, isReported, committee, enclave, generation, ...times }
}

async function readBuild(view: View, { build, measurement }: ChainQuery): Promise<ChainFacts['build']> {
  if (build === null || measurement === null) return null
  const [{ isApproved, announcedAt }, measured] = await Promise.all([
    view.build(build),
    view.buildOf(toHex(sha256(fromHex(measurement)))),
  ])
  return { isApproved, announcedAt, measured }
}

async function readObject(view: View, objectId: Hex, asked: Promise<Release | null>): Promise<ObjectSeen> {
  const [asset, release] = await Promise.all([view.asset(objectId), asked])
  const isUnknown = asset.standing === 'unknown'
  return {
    objectId,
    standing: asset.standing,
    owner: isUnknown ? null : asset.owner,
    self: isUnknown ? NO_ROYALTY : asset.self,
    dues: duesOf(asset),
    origin: asset.isDerived ? await readOrigin(view, objectId) : null,
    release,
  }
}

const duesOf = ({ dues }: AssetOnChain): ObjectSeen['dues'] =>
  Object.fromEntries(dues.map(({ ancestor, royalty }) => [ancestor, royalty]))

async function readOrigin(view: View, objectId: Hex): Promise<ObjectSeen['origin']> {
  const origin = await view.originOf(objectId)
  if (origin === null) return null
  const { enclave, committee } = await view.order(origin.order)
  return { ...origin, committee, enclave }
}

const orNull = (hash: Hex): Hex | null => (hash === NOTHING ? null : hash)
