import {
  hpkeSeal,
  type Manifest,
  manifestHash,
  manifestObjectId,
  openWrap,
  parseManifest,
  requireManifest,
} from '@allod/content'
import {
  fromHex,
  type Hex,
  outputKindOf,
  type Release,
  type ReleaseReply,
  releaseHash,
  releaseInfo,
  signDigest,
} from '@allod/protocol'
import type { ChainFacts, Origin } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'
import { requireClock } from '../judge/requireClock.ts'
import { requireCommittee } from '../judge/requireCommittee.ts'
import { requireShares } from '../judge/requireManifests.ts'
import { requireSameJob } from '../judge/requireOrderState.ts'
import { requireOrderTerms } from '../judge/requireOrderTerms.ts'
import { makerOf } from '../judge/requireOwnership.ts'
import type { Keeper } from '../Keeper.ts'

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/**
 * Lets a result out: its order is reported and its fees have vested in a final block, the report made this very object, and
 * its policy, which is the intersection of its inputs', gives this kind of output to the buyer. The share is sealed to
 * the spec's recipient, so anyone may ask.
 * @throws keeper/wrong-chain, protocol/order-terms-mismatch, protocol/spec-mismatch, keeper/committee-mismatch,
 * keeper/not-a-member, keeper/clock-skew, keeper/job-mismatch, keeper/not-reported, keeper/not-of-order,
 * keeper/object-halted, keeper/derived-unproved, keeper/export-refused, content/…
 */
export async function release(request: Release, keeper: Keeper): Promise<ReleaseReply> {
  const { config, keys, log } = keeper
  const { order, spec, terms, committee } = request
  const now = keeper.now()
  requireOrderTerms({ order, terms, spec }, { chainId: config.chainId, market: config.addresses.market })
  const place = requireCommittee(committee, spec.committee, keys.id)
  const manifest = parseManifest(request.manifest)
  requireShares(manifest, committee)
  const objectId = manifestObjectId(manifest)

  const chain = await keeper.readChain({
    at: 'final',
    order,
    release: null,
    provider: null,
    build: null,
    measurement: null,
    objects: [{ objectId, offer: NOTHING }],
  })
  requireClock(chain.headTime, now, config.clock)
  const origin = requireMade(objectId, manifest, chain, request)
  const enclave = makerOf(objectId, manifest, origin, terms.market)
  requireManifest(manifest, { objectId, signer: enclave })
  requireExport(request, manifest)

  const sealed = await resealShare(request, { manifest, objectId, place }, keeper)
  const { generation } = chain.order
  const subject = manifestHash(manifest)
  await log.append({ kind: 'release', order, generation, enclave, subject, outcome: 'ok' })
  const reply = { objectId, index: place, sealed }
  const signature = signDigest(keys.signing, fromHex(releaseHash(order, reply), 32))
  return { ...reply, by: { signer: keys.signing.address, signature } }
}

function requireMade(objectId: Hex, { owner }: Manifest, { order, objects }: ChainFacts, request: Release): Origin {
  if (!order.isReported || !order.isVested)
    throw fail('not-reported', { actual: { isReported: order.isReported, isVested: order.isVested } })
  requireSameJob(order, request.spec)
  const seen = objects.find((o) => o.objectId === objectId)
  if (!seen?.origin || seen.origin.order !== request.order || seen.owner !== owner || owner !== request.terms.buyer)
    throw fail('not-of-order', {
      expected: request.order,
      actual: seen?.origin?.order ?? 'not derived',
      meta: { objectId },
    })
  if (seen.standing !== 'live') throw fail('object-halted', { actual: seen.standing, meta: { objectId } })
  return seen.origin
}

function requireExport({ spec }: Release, { policy }: Manifest): void {
  const kind = outputKindOf(spec)
  if (kind === null || policy.export[kind] !== 'buyer')
    throw fail('export-refused', {
      expected: 'buyer',
      actual: kind === null ? 'no output' : policy.export[kind],
      meta: { kind },
    })
}

async function resealShare(
  { order, spec }: Release,
  { manifest, objectId, place }: { readonly manifest: Manifest; readonly objectId: Hex; readonly place: number },
  { config, keys }: Keeper,
): Promise<ReleaseReply['sealed']> {
  const mine = manifest.shares[place - 1]
  if (mine === undefined) throw fail('not-a-member', { expected: keys.id })
  const { chainId, addresses } = config
  const context = { chainId: BigInt(chainId), assets: addresses.assets, objectId, index: place }
  const share = await openWrap(keys.hpke.secret, mine, { ...context, t: manifest.t, n: manifest.shares.length })
  try {
    const info = releaseInfo({ order, objectId, index: place })
    return await hpkeSeal(spec.recipients.results, info, new Uint8Array(), share.expose())
  } finally {
    share.erase()
  }
}
