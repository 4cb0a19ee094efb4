import { type EvidenceBundle, evidenceHash } from '@allod/attestation'
import { hpkeSeal, openWrap } from '@allod/content'
import {
  type Admission,
  AllodError,
  aliveType,
  allodDomain,
  type Challenge,
  enclaveAttestedType,
  type Facts,
  factsHash,
  fromHex,
  type GrantReply,
  grantInfo,
  grantKeyHash,
  type Renew,
  type SigningKey,
  signDigest,
  typedDigest,
  voteOf,
} from '@allod/protocol'
import type { HostLink } from '../HostLink.ts'
import { CHAIN_ID, hex32, type KeeperKeys, STARTED_AT, type TestOrder } from './newOrder.ts'
import { playStore } from './playStore.ts'

/** What one keeper does differently; a thrown error is its refusal. */
export type Play = {
  readonly challenge?: (challenge: Challenge) => Challenge
  /** Takes questions and never answers. */
  readonly isSilent?: boolean
  /** The key to vote with, or a refusal. */
  readonly voteKey?: () => SigningKey
  readonly order?: `0x${string}`
  readonly facts?: (facts: Facts) => Facts
  readonly factsKey?: SigningKey
  readonly grant?: (reply: GrantReply) => GrantReply
  readonly renew?: () => void
  /** Where the term ends by what it says in renewals. */
  readonly endsAt?: () => number
}

/** What the provider was told, by path. */
export type Told = { readonly path: string; readonly body: unknown }

/**
 * A host whose keepers are played by the test: as they should, but for what `plays` says of each by its place. Its stores are
 * the order's.
 * @param provider what the provider does differently; nothing where it gives undefined
 */
export function playKeepers(
  order: TestOrder,
  plays: readonly Play[] = [],
  provider: (path: string, body: unknown) => unknown = () => undefined,
): { host: HostLink; told: Told[] } {
  const told: Told[] = []
  const host: HostLink = {
    fetchFrom: (destination) => async (path, init) => {
      const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : null
      try {
        if (destination === 'provider') {
          told.push({ path, body })
          return Response.json(provider(path, body) ?? provide(order, path, body))
        }
        const store = destination.startsWith('store-') ? order.stores[Number(destination.slice(6))] : undefined
        if (store !== undefined) return await playStore(store, path, init)
        const place = Number(destination.replace('keeper-', ''))
        const keeper = order.keepers[place]
        if (keeper === undefined) throw new AllodError('host/unknown', 'no such keeper', '')
        if (plays[place]?.isSilent === true) return await new Promise<never>(() => {})
        return Response.json(await answerAs(order, keeper, place, plays[place] ?? {}, path, body))
      } catch (error) {
        if (!(error instanceof AllodError)) throw error
        return Response.json(error.toJSON(), { status: 400 })
      }
    },
  }
  return { host, told }
}

/** A keeper's refusal under a code. */
export const refusal = (code: string): AllodError => new AllodError(code, 'the keeper refuses', 'a test asked for it')

function provide({ job }: TestOrder, path: string, body: unknown): unknown {
  const { order, generation } = job
  if (path === '/job') return job
  if (path === '/launch')
    return { message: { order, generation, ...(body as object) }, signature: `0x${'11'.repeat(65)}` }
  return null
}

async function answerAs(
  order: TestOrder,
  keeper: KeeperKeys,
  place: number,
  play: Play,
  path: string,
  body: unknown,
): Promise<unknown> {
  const domain = allodDomain(BigInt(CHAIN_ID), order.job.terms.market)
  const signer = keeper.signing.address
  if (path === '/challenge') return challenge(keeper, place, play)
  if (path === '/vote') {
    const admission = body as Admission
    const { spec } = admission
    const bundle = admission.bundle as EvidenceBundle
    const asked = voteOf(admission, evidenceHash(bundle), grantKeyHash(bundle.bound.hpkeKey), spec.build)
    const vote = { ...asked, order: play.order ?? asked.order }
    const key = play.voteKey?.() ?? keeper.signing
    const signature = signDigest(key, typedDigest(domain, enclaveAttestedType, vote))
    return { vote, signature: { signer, signature } }
  }
  if (path === '/grant') {
    const { launch, bundle } = body as Admission
    const { hpkeKey } = (bundle as EvidenceBundle).bound
    const to = { enclave: launch.message.enclave, hpkeKey }
    return (play.grant ?? ((r) => r))(await grantAs(order, keeper, place, play, to))
  }
  if (path !== '/renew') throw refusal('keeper/unknown-path')
  play.renew?.()
  const { lease, from, upTo } = body as Renew
  const alive = { order: lease.order, generation: lease.generation, from, upTo }
  const signature = signDigest(play.voteKey?.() ?? keeper.signing, typedDigest(domain, aliveType, alive))
  return {
    alive,
    signature: { signer, signature },
    lease: { ...lease, upTo },
    endsAt: play.endsAt?.() ?? order.facts.endsAt,
    time: upTo,
  }
}

let ticks = 0
function challenge(keeper: KeeperKeys, place: number, play: Play): Challenge {
  const time = STARTED_AT + ++ticks
  const given = { keeper: keeper.id, nonce: hex32(place + 1), expires: time + 120, mac: hex32(9), time }
  return (play.challenge ?? ((c) => c))(given)
}

/** What a keeper grants: its own share, opened and sealed again to the enclave, with facts and a lease. */
export async function grantAs(
  order: TestOrder,
  keeper: KeeperKeys,
  place: number,
  play: Play,
  { enclave, hpkeKey }: Pick<EvidenceBundle['bound'], 'hpkeKey'> & Pick<Facts, 'enclave'> = {
    enclave: order.keys.signing.address,
    hpkeKey: order.keys.grant.publicKey,
  },
): Promise<GrantReply> {
  const { job, manifest, objectId } = order
  const facts = (play.facts ?? ((f) => f))({ ...order.facts, enclave })
  const block = { number: String(100 + place), hash: hex32(0xbb), time: STARTED_AT }
  const signature = signDigest(play.factsKey ?? keeper.signing, fromHex(factsHash(facts, block), 32))
  const wrapped = manifest.shares[place]
  if (wrapped === undefined) throw refusal('keeper/no-share')
  const index = place + 1
  const context = { chainId: BigInt(CHAIN_ID), assets: facts.assets, objectId, index, t: 2, n: 3 }
  const share = await openWrap(keeper.hpke.secret, wrapped, context)
  const { order: id, generation } = job
  const info = grantInfo({ order: id, generation, enclave, objectId, index })
  const sealed = await hpkeSeal(hpkeKey, info, new Uint8Array(), share.expose())
  return {
    facts: { facts, block, by: { signer: keeper.signing.address, signature } },
    shares: [{ objectId, index, sealed }],
    lease: {
      ...{ order: id, generation, enclave, objects: [], build: job.spec.build },
      ...{ ttlSeconds: 600, from: STARTED_AT, upTo: STARTED_AT, evidenceAt: STARTED_AT, mac: hex32(7) },
    },
    time: STARTED_AT,
  }
}
