import { type EvidenceBundle, evidenceHash, evidenceShape, type Verified, verify } from '@allod/attestation'
import type { Admission, Challenge, Hex, Terms } from '@allod/protocol'
import type { ChainFacts } from '../chain/ChainFacts.ts'
import type { Keeper } from '../Keeper.ts'
import { openTerms } from './openTerms.ts'
import { requireChallenge } from './requireChallenge.ts'
import { requireClock } from './requireClock.ts'
import { requireCommittee } from './requireCommittee.ts'
import { requireEvidence } from './requireEvidence.ts'
import { offerHashOf, type Paid, requireInputs } from './requireInputs.ts'
import { requireLaunch } from './requireLaunch.ts'
import { requireManifests, type SealedInput } from './requireManifests.ts'
import { isOver, requireAttestable, requireAwaited, requireRecorded, requireSameJob } from './requireOrderState.ts'
import { requireOrderTerms } from './requireOrderTerms.ts'
import { requireOwnership } from './requireOwnership.ts'
import { requirePolicies } from './requirePolicies.ts'
import { requireRelease } from './requireRelease.ts'

/** Which decision an admission is for: they differ in the block read and in the state that the order must be in. */
export type Stage = 'vote' | 'grant' | 'renew'

/** An admission that passed every check. */
export type Judgement = {
  readonly order: Hex
  readonly generation: number
  readonly enclave: Hex
  readonly bundle: EvidenceBundle
  readonly evidence: Hex
  /** This keeper's place in the committee, from 1. */
  readonly place: number
  readonly paid: Paid
  readonly inputs: readonly SealedInput[]
  readonly terms: Terms
  /** The build that Trust is asked about; zero where every owner pins builds. */
  readonly trustBuild: Hex
  readonly chain: ChainFacts
  readonly own: Challenge
  /** Unix seconds; the evidence says nothing later. */
  readonly validUntil: number
}

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/**
 * Judges an enclave: what was asked, what was paid for, what the chip and the chain say, what every owner allows. First
 * whatever needs no chain, then one reading of the chain at one block, then the rest.
 * @throws the code of the first check that fails
 */
export async function judgeAdmission(admission: Admission, stage: Stage, keeper: Keeper): Promise<Judgement> {
  const { config, keys, verifiers } = keeper
  const { chainId, addresses } = config
  const { market } = addresses
  const now = keeper.now()
  const { spec, terms, launch } = admission
  const { order, generation, enclave } = launch.message

  const own = requireChallenge(admission.challenges, keys, {
    now,
    lateSeconds: stage === 'grant' ? config.grantWithinSeconds : 0,
    maxSkewSeconds: config.clock.maxSkewSeconds,
  })
  requireOrderTerms({ order, terms, spec }, { chainId, market })
  const place = requireCommittee(admission.committee, spec.committee, keys.id)
  const paid = requireInputs(spec, terms)
  const inputs = requireManifests(paid.inputs, admission.manifests, admission.committee)
  const bundle = evidenceShape(admission.bundle)
  const verified = await verify(bundle, { verifiers, now })
  const { machine, measurement } = verified.cpu

  const trustBuild = isTrustAsked(inputs) ? spec.build : NOTHING
  const chain = await keeper.readChain({
    at: stage === 'vote' ? 'latest' : 'final',
    order,
    release: stage === 'vote' ? null : { terms, enclave, build: trustBuild },
    provider: paid.compute.owner,
    build: spec.build,
    measurement,
    objects: inputs.map((input) => ({ objectId: input.objectId, offer: offerHashOf(input) })),
  })
  requireClock(chain.headTime, now, config.clock)
  if (stage === 'vote') requireAwaited(chain.order, { generation, enclave })
  else if (stage === 'grant') requireRecorded(chain.order, { generation, enclave })
  else requireAttestable(chain, { generation, enclave })
  requireSameJob(chain.order, spec)
  requireLaunch(launch, chain.provider, { chainId, market, machine })
  requireOwnership(inputs, chain.objects, { buyer: terms.buyer, market })
  const build = chain.build ?? { isApproved: false, announcedAt: 0, measured: null }
  const proposed = { spec, buyer: terms.buyer, provider: paid.compute.owner, machine, build, now }
  const agreed = requirePolicies(inputs, proposed, openTerms(spec.committee, config.simulatedRoot))
  const { validUntil } = await requireEvidence({ bundle, verified }, admission, {
    own,
    terms: agreed,
    measurements: measurementsOf(verified, build.measured, agreed, spec.build, keeper),
    appraise: keeper.appraise,
  })
  // A renewal after the end attests what was delivered, and releases nothing.
  if (stage === 'grant' || (stage === 'renew' && !isOver(chain))) requireRelease(chain)
  return {
    ...{ order, generation, enclave, bundle, evidence: evidenceHash(bundle), place, paid, inputs },
    ...{ terms: agreed, trustBuild, chain, own, validUntil },
  }
}

// An owner who pins builds does not depend on the registry's curator; every other one does.
const isTrustAsked = (inputs: readonly SealedInput[]): boolean =>
  inputs.length === 0 || inputs.some((i) => i.manifest.policy.builds.kind === 'registry')

function measurementsOf(
  { cpu }: Verified,
  measured: Hex | null,
  { builds }: Terms,
  build: Hex,
  { predictMeasurement }: Keeper,
): ReadonlyMap<Hex, Hex> {
  const known = new Map<Hex, Hex>()
  const predicted = builds.kind === 'pinned' ? predictMeasurement(build) : null
  if (predicted !== null) known.set(predicted, build)
  if (measured !== null) known.set(cpu.measurement, measured)
  return known
}
