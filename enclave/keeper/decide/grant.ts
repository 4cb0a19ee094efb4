import { hpkeSeal, openWrap } from '@allod/content'
import {
  type Admission,
  type Facts,
  factsHash,
  fromHex,
  type GrantReply,
  grantInfo,
  offerHash,
  signDigest,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { type Judgement, judgeAdmission } from '../judge/judgeAdmission.ts'
import { offerHashOf } from '../judge/requireInputs.ts'
import type { SealedInput } from '../judge/requireManifests.ts'
import type { Keeper } from '../Keeper.ts'
import { newLease } from '../keys/lease.ts'

/**
 * Phase two: once a final block shows the order running in exactly this enclave, returns this keeper's shares, sealed to
 * the attested key, with signed facts and a lease. The decision is in the log before a share leaves.
 * @throws keeper/not-final until the start is final, keeper/challenge-expired where it came too late, the code of the
 * first check that fails, content/wrap-unopened, content/share-mismatch
 */
export async function grant(admission: Admission, keeper: Keeper): Promise<GrantReply> {
  const judged = await judgeAdmission(admission, 'grant', keeper)
  const { keys, log } = keeper
  const { order, generation, enclave, chain } = judged
  const facts = factsOf(admission, judged, keeper)
  const now = keeper.now()
  if (now > facts.startedAt + keeper.config.grantWithinSeconds)
    throw fail('challenge-expired', { expected: `within ${keeper.config.grantWithinSeconds} s`, actual: now })
  const shares = await Promise.all(judged.inputs.map((input) => resealShare(input, judged, keeper)))
  const hash = factsHash(facts, chain.block)
  await log.append({ kind: 'grant', order, generation, enclave, subject: hash, outcome: 'ok' })
  return {
    facts: {
      facts,
      block: chain.block,
      by: { signer: keys.signing.address, signature: signDigest(keys.signing, fromHex(hash, 32)) },
    },
    shares,
    lease: newLease(keys.leaseMac, {
      ...{ order, generation, enclave },
      objects: judged.inputs.map((input) => ({ objectId: input.objectId, offer: offerHashOf(input) })),
      build: judged.trustBuild,
      ttlSeconds: judged.terms.lease.ttlSeconds,
      from: facts.startedAt,
      upTo: facts.startedAt,
      evidenceAt: now,
    }),
    time: now,
  }
}

function factsOf({ challenges, spec, terms }: Admission, judged: Judgement, { config }: Keeper): Facts {
  return {
    version: 1,
    chainId: config.chainId,
    market: config.addresses.market,
    assets: config.addresses.assets,
    order: judged.order,
    generation: judged.generation,
    enclave: judged.enclave,
    buyer: terms.buyer,
    provider: judged.paid.compute.owner,
    specHash: terms.specHash,
    committee: spec.committee,
    offers: terms.offers.map(offerHash),
    objects: judged.inputs.map(({ name, objectId, manifest, policyHash, manifestHash }) => ({
      input: name,
      objectId,
      owner: manifest.owner,
      policyHash,
      manifestHash,
    })),
    seconds: terms.seconds,
    // A replaced enclave was not alive since the start: it is paid from when it answered its newest challenge.
    startedAt: Math.max(judged.chain.order.startedAt, ...challenges.map((c) => c.time)),
    endsAt: judged.chain.order.endsAt,
  }
}

async function resealShare(
  { objectId, manifest }: SealedInput,
  { order, generation, enclave, bundle, place }: Judgement,
  { config, keys }: Keeper,
): Promise<GrantReply['shares'][number]> {
  const mine = manifest.shares[place - 1]
  if (mine === undefined) throw fail('not-a-member', { expected: keys.id })
  const share = await openWrap(keys.hpke.secret, mine, {
    chainId: BigInt(config.chainId),
    assets: config.addresses.assets,
    objectId,
    index: place,
    t: manifest.t,
    n: manifest.shares.length,
  })
  try {
    const info = grantInfo({ order, generation, enclave, objectId, index: place })
    const sealed = await hpkeSeal(bundle.bound.hpkeKey, info, new Uint8Array(), share.expose())
    return { objectId, index: place, sealed }
  } finally {
    share.erase()
  }
}
