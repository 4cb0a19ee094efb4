import { evidenceHash, evidenceShape } from '@allod/attestation'
import {
  allodDomain,
  canonicalise,
  committeeId,
  enclaveAttestedType,
  equalBytes,
  factsHash,
  fromHex,
  type Hex,
  type Json,
  keeperId,
  orderId,
  type ReportPredicate,
  type ReportStatement,
  recoverSigner,
  specHash,
  typedDigest,
} from '@allod/protocol'
import { equal, type ProofCheck } from '../verify/proofCheck.ts'

/**
 * Everything in a report that is said twice, held against itself: terms against the order's id, the spec against the terms,
 * evidence and votes against both, keepers' facts against all of it.
 */
export function witnesses({ subject, predicate }: ReportStatement): readonly ProofCheck[] {
  const { order, terms, spec, outputs } = predicate
  const same = (name: string, expected: string | number, actual: string | number): ProofCheck =>
    equal(name, 'order', 'report', expected, actual)
  return [
    same('terms', order, orderId(terms)),
    same('spec', terms.specHash, specHash(spec)),
    same('build', spec.build, predicate.build),
    same(
      'subjects',
      text(outputs.map((o) => [o.name, o.objectId.slice(2)])),
      text(subject.map((s) => [s.name, s.digest.sha256])),
    ),
    ...evidenceWitness(predicate),
    ...voteWitnesses(predicate),
    ...factWitnesses(predicate),
  ]
}

function evidenceWitness(predicate: ReportPredicate): readonly ProofCheck[] {
  const bundle = evidenceShape(predicate.evidence)
  const { bound } = bundle
  const same = (name: string, expected: string | number, actual: string | number): ProofCheck =>
    equal(`evidence-${name}`, 'order', 'evidence', expected, actual)
  return [
    same('hash', predicate.vote.evidenceHash, evidenceHash(bundle)),
    same('order', predicate.order, bound.order),
    same('generation', predicate.generation, bound.generation),
    same('enclave', predicate.enclave, bound.signingAddress),
    same('build', predicate.build, bound.buildDigest),
    same('spec', predicate.terms.specHash, bound.specHash),
    same('chain', predicate.terms.chainId, bound.chainId),
    same('market', predicate.terms.market, bound.market),
  ]
}

function voteWitnesses({ vote, votes, committee, ...said }: ReportPredicate): readonly ProofCheck[] {
  const { chainId, market } = said.terms
  const digest = typedDigest(allodDomain(BigInt(chainId), market), enclaveAttestedType, vote)
  const members = new Set<Hex>(committee.members.map((m) => m.address))
  const voters = new Set(votes.flatMap(({ signer, signature }) => (signs(digest, signature, signer) ? [signer] : [])))
  const valid = [...voters].filter((v) => members.has(v)).length
  const same = (name: string, expected: string | number, actual: string | number): ProofCheck =>
    equal(`vote-${name}`, 'order', 'keepers', expected, actual)
  return [
    same('committee', said.spec.committee, vote.committee),
    equal('committee', 'order', 'keepers', vote.committee, committeeId(committee)),
    same('order', said.order, vote.order),
    same('generation', said.generation, vote.generation),
    same('enclave', said.enclave, vote.enclave),
    same('build', said.build, vote.build),
    atLeast('votes', committee.t, valid),
  ]
}

function factWitnesses(predicate: ReportPredicate): readonly ProofCheck[] {
  const { committee, facts: signed, terms, spec } = predicate
  const members = new Map(committee.members.map((m) => [m.address, keeperId(m)]))
  const valid = signed.filter(
    ({ facts, block, by }) =>
      members.has(by.signer) && signs(fromHex(factsHash(facts, block), 32), by.signature, by.signer),
  )
  const distinct = new Set(valid.map((s) => s.by.signer)).size
  const first = signed[0]?.facts
  const count = atLeast('facts', committee.t, distinct)
  if (first === undefined) return [count]
  const isAlike = signed.every((s) => equalBytes(canonicalise(s.facts), canonicalise(first)))
  const same = (name: string, expected: string | number, actual: string | number): ProofCheck =>
    equal(`facts-${name}`, 'order', 'keepers', expected, actual)
  const objects = (list: readonly (readonly [string, string, string])[]): string =>
    text([...list].sort(([a], [b]) => (a < b ? -1 : 1)))
  return [
    count,
    same('alike', 'alike', isAlike ? 'alike' : 'different'),
    same('order', predicate.order, first.order),
    same('generation', predicate.generation, first.generation),
    same('enclave', predicate.enclave, first.enclave),
    same('buyer', terms.buyer, first.buyer),
    same('spec', terms.specHash, first.specHash),
    same('chain', terms.chainId, first.chainId),
    same('market', terms.market, first.market),
    same('committee', spec.committee, first.committee),
    same('seconds', terms.seconds, first.seconds),
    same(
      'objects',
      objects(
        Object.entries(spec.inputs).flatMap(([name, input]) =>
          input.kind === 'object' ? [[name, input.objectId, input.manifestHash] as const] : [],
        ),
      ),
      objects(first.objects.map((o) => [o.input, o.objectId, o.manifestHash] as const)),
    ),
  ]
}

function atLeast(name: string, wanted: number, found: number): ProofCheck {
  return {
    name,
    link: 'order',
    source: 'keepers',
    result: found >= wanted ? 'pass' : 'fail',
    expected: `>= ${wanted}`,
    actual: String(found),
  }
}

function signs(digest: Uint8Array, signature: Hex, signer: Hex): boolean {
  try {
    return recoverSigner(digest, signature) === signer
  } catch {
    return false
  }
}

const text = (value: Json): string => JSON.stringify(value)
