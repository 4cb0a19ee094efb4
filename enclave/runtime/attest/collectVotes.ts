import { type EvidenceBundle, evidenceHash } from '@allod/attestation'
import {
  type Admission,
  allodDomain,
  ascending,
  type Challenge,
  challengeShape,
  type EnclaveAttested,
  enclaveAttestedType,
  grantKeyHash,
  type JobDocument,
  launchReplyShape,
  recoverSigner,
  type SignedBy,
  typedDigest,
  voteOf,
  voteReplyShape,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { ask, type HostLink } from '../HostLink.ts'
import { type Attester, gatherEvidence } from './gatherEvidence.ts'
import type { EnclaveKeys } from './newEnclaveKeys.ts'
import { askAll, membersOf, reasons } from './quorum.ts'

/** An enclave that t keepers voted for, with everything needed to ask them for their shares. */
export type Elected = {
  readonly admission: Admission
  readonly bundle: EvidenceBundle
  readonly vote: EnclaveAttested
  readonly signatures: readonly SignedBy[]
}

/** Challenges of honest keepers are given at about the same moment and expire so. */
const EXPIRY_SPREAD_SECONDS = 30

/**
 * Phase one: nonces from the keepers, evidence over them, votes on it.
 * @throws runtime/not-enough-votes with each keeper's reason
 */
export async function collectVotes(
  host: HostLink,
  attester: Attester,
  job: JobDocument,
  keys: EnclaveKeys,
): Promise<Elected> {
  const admission = await newAdmission(host, attester, job, keys)
  const bundle = admission.bundle as EvidenceBundle
  const vote = voteOf(admission, evidenceHash(bundle), grantKeyHash(keys.grant.publicKey), job.spec.build)
  const digest = typedDigest(allodDomain(BigInt(job.terms.chainId), job.terms.market), enclaveAttestedType, vote)
  const answers = await askAll(
    membersOf(job.committee),
    async (member, signal) => {
      const reply = await ask(host, member.destination, '/vote', admission, voteReplyShape, { signal })
      const signer = recoverSigner(digest, reply.signature.signature)
      if (signer !== member.address) throw fail('vote-mismatch', { expected: vote, actual: reply.vote })
      return { signer, signature: reply.signature.signature }
    },
    (votes) => votes.length >= job.committee.t,
  )
  const signatures = answers.flatMap((a) => (a.kind === 'ok' ? [a.value] : []))
  if (signatures.length < job.committee.t)
    throw fail('not-enough-votes', {
      expected: job.committee.t,
      actual: signatures.length,
      meta: { refusals: reasons(answers) },
    })
  return { admission, bundle, vote, signatures: ascending(signatures) }
}

/** Fresh challenges, fresh evidence, the provider's word: what a keeper judges, at the start and in renewals. */
export async function newAdmission(
  host: HostLink,
  attester: Attester,
  job: JobDocument,
  keys: EnclaveKeys,
): Promise<Admission> {
  const challenges = await collectChallenges(host, job)
  const launch = await ask(host, 'provider', '/launch', { enclave: keys.signing.address }, launchReplyShape)
  const bundle = await gatherEvidence(
    attester,
    job,
    { role: 'grant', hpkeKey: keys.grant.publicKey, signingAddress: keys.signing.address },
    challenges.map(({ keeper, nonce }) => ({ id: keeper, nonce })),
  )
  return {
    challenges,
    bundle,
    spec: job.spec,
    terms: job.terms,
    launch,
    manifests: job.manifests,
    committee: job.committee,
  }
}

async function collectChallenges(host: HostLink, job: JobDocument): Promise<readonly Challenge[]> {
  const answers = await askAll(
    membersOf(job.committee),
    async (member, signal) => {
      const options = { timeoutMs: 5000, signal }
      const challenge = await ask(host, member.destination, '/challenge', {}, challengeShape, options)
      if (challenge.keeper !== member.id) throw fail('vote-mismatch', { expected: member.id, actual: challenge.keeper })
      return challenge
    },
    // One that names another moment than everybody else is none of the t.
    (given) => given.some(({ expires }) => given.filter((c) => isAbout(c, expires)).length >= job.committee.t),
  )
  const challenges = answers.flatMap((a) => (a.kind === 'ok' ? [a.value] : []))
  if (challenges.length < job.committee.t)
    throw fail('not-enough-votes', {
      expected: job.committee.t,
      actual: challenges.length,
      meta: { refusals: reasons(answers) },
    })
  return withoutEarly(challenges)
}

// Votes are good until the first of their challenges expires: one keeper must not make everybody’s useless by naming a
// moment that is over. Clocks of the host decide nothing here; the keepers’ own middle does.
function withoutEarly(challenges: readonly Challenge[]): readonly Challenge[] {
  const expiries = challenges.map((c) => c.expires).sort((a, b) => a - b)
  const middle = expiries[Math.floor((expiries.length - 1) / 2)] ?? 0
  return challenges.filter((c) => c.expires >= middle - EXPIRY_SPREAD_SECONDS)
}

const isAbout = (challenge: Challenge, expires: number): boolean =>
  challenge.expires >= expires && challenge.expires <= expires + EXPIRY_SPREAD_SECONDS
