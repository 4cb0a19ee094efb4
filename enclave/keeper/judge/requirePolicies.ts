import {
  type Hex,
  intersectPolicies,
  isAmong,
  type JobSpec,
  type NamedPolicy,
  type Policy,
  type Terms,
} from '@allod/protocol'
import type { BuildSeen } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'
import type { SealedInput } from './requireManifests.ts'

/** What policies are held against. The provider and its machine are registered ones: `requireLaunch` saw to it. */
export type Proposed = {
  readonly spec: JobSpec
  readonly buyer: Hex
  readonly provider: Hex
  readonly machine: Hex
  readonly build: BuildSeen
  readonly now: number
}

/**
 * Every input's policy allows this job, and together they leave something allowed. Each policy is asked by itself, because
 * an intersection of "pinned" and "registered" forgets the second.
 * @returns the intersection; for a job without sealed inputs, `openTerms`
 * @throws keeper/purpose-refused, keeper/engine-refused, keeper/build-refused, keeper/provider-refused,
 * keeper/machine-refused, keeper/buyer-refused, keeper/output-too-large, protocol/policies-exclude
 */
export function requirePolicies(inputs: readonly SealedInput[], proposed: Proposed, openTerms: Terms): Terms {
  for (const { name, manifest } of inputs) requirePolicy(name, manifest.policy, proposed)
  const [first, ...rest] = inputs.map(({ name, manifest }): NamedPolicy => ({ name, policy: manifest.policy }))
  if (first === undefined) {
    requirePolicy('keeper', openTerms, proposed)
    return openTerms
  }
  return intersectPolicies([first, ...rest])
}

type Clauses = Omit<Policy, 'version' | 'owner' | 'royalties' | 'lineage'>

function requirePolicy(input: string, policy: Clauses, { spec, buyer, provider, machine, build, now }: Proposed): void {
  const meta = { input }
  if (!policy.purposes.includes(spec.kind))
    throw fail('purpose-refused', { expected: policy.purposes, actual: spec.kind, meta })
  if (!isAmong(policy.engines, spec.engine.digest))
    throw fail('engine-refused', { expected: policy.engines, actual: spec.engine.digest, meta })
  if (!isBuildAccepted(policy.builds, spec.build, build, now))
    throw fail('build-refused', { expected: policy.builds, actual: { build: spec.build, ...build }, meta })
  if (!isAmong(policy.providers, provider))
    throw fail('provider-refused', { expected: policy.providers, actual: provider, meta })
  if (!isAmong(policy.machines, machine))
    throw fail('machine-refused', { expected: policy.machines, actual: machine, meta })
  if (!isAmong(policy.buyers, buyer)) throw fail('buyer-refused', { expected: policy.buyers, actual: buyer, meta })
  if (spec.limits.outputBytes > policy.outputs.maxBytes)
    throw fail('output-too-large', { expected: policy.outputs.maxBytes, actual: spec.limits.outputBytes, meta })
}

function isBuildAccepted(builds: Policy['builds'], build: Hex, seen: BuildSeen, now: number): boolean {
  if (builds.kind === 'pinned') return builds.list.includes(build)
  return seen.isApproved && seen.announcedAt > 0 && now - seen.announcedAt >= builds.noticeSeconds
}
