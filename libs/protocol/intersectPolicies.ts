import { type AllodError, errorsOf } from './AllodError.ts'
import type { Hex } from './bytes.ts'
import type { Policy, Royalty } from './policy.ts'

const fail = errorsOf('protocol', {
  'policies-exclude': [
    'two policies exclude each other',
    'drop one of the inputs, or ask its owner for an object under a wider policy',
  ],
  'too-many-ancestors': [
    'an output would owe royalties to more ancestors than can be paid',
    'use inputs with a shorter lineage; at most 4',
  ],
  'royalties-too-high': [
    'the royalties of an output would exceed half of its price',
    'use inputs that ask for less; their sum is at most 5000 bps',
  ],
  'royalty-conflict': [
    'two inputs name different royalties for the same ancestor',
    'one of the policies misstates its lineage; refuse it',
  ],
})

/** A policy under a name by which an error can call it: the input's name, usually. */
export type NamedPolicy = { readonly name: string; readonly policy: Policy }

/** What an order may do with all of its inputs at once: the policies' intersection, owner and royalties left out. */
export type Terms = Omit<Policy, 'version' | 'owner' | 'royalties' | 'lineage'>

/**
 * The intersection of all inputs' policies: pure, total, order-independent.
 * @throws protocol/policies-exclude naming the clause and both sides where nothing is left
 */
export function intersectPolicies(named: readonly [NamedPolicy, ...NamedPolicy[]]): Terms {
  const [first, ...rest] = named
  let terms: Terms = termsOf(first.policy)
  const names = [first.name]
  for (const { name, policy } of rest) {
    terms = intersectTwo(terms, termsOf(policy), names.join(' + '), name)
    names.push(name)
  }
  return terms
}

/** An input as seen by what derives from it. */
export type Parent = { readonly objectId: Hex; readonly policy: Policy }

/**
 * The policy of what an order derives: the intersection, the union of royalty tables, the parents as lineage.
 * @param self what the new owner asks of things derived in turn
 * @throws protocol/policies-exclude, protocol/too-many-ancestors, protocol/royalties-too-high, protocol/royalty-conflict
 */
export function derivePolicy(owner: Hex, self: Royalty, parents: readonly [Parent, ...Parent[]]): Policy {
  const named = parents.map(({ objectId, policy }) => ({ name: objectId, policy })) as [NamedPolicy, ...NamedPolicy[]]
  const inherited = new Map<string, Royalty>()
  for (const { objectId, policy } of parents)
    for (const [ancestor, royalty] of [
      ...Object.entries(policy.royalties.inherited),
      [objectId, policy.royalties.self] as const,
    ]) {
      if (isNothing(royalty)) continue
      const known = inherited.get(ancestor)
      if (known && !sameRoyalty(known, royalty))
        throw fail('royalty-conflict', { expected: known, actual: royalty, meta: { ancestor } })
      inherited.set(ancestor, royalty)
    }
  if (inherited.size > 4) throw fail('too-many-ancestors', { expected: 4, actual: inherited.size })
  const sum = [...inherited.values()].reduce((total, { bps }) => total + bps, 0)
  if (sum > 5000) throw fail('royalties-too-high', { expected: 5000, actual: sum })
  return {
    version: 1,
    owner,
    ...intersectPolicies(named),
    royalties: { self, inherited: Object.fromEntries([...inherited].sort(([a], [b]) => (a < b ? -1 : 1))) },
    lineage: [...new Set(parents.map((p) => p.objectId))].sort(),
  }
}

function termsOf({ version: _v, owner: _o, royalties: _r, lineage: _l, ...terms }: Policy): Terms {
  return terms
}

function intersectTwo(a: Terms, b: Terms, nameA: string, nameB: string): Terms {
  const exclude = (clause: string, left: unknown, right: unknown): AllodError =>
    fail('policies-exclude', {
      expected: `${nameA}: ${JSON.stringify(left)}`,
      actual: `${nameB}: ${JSON.stringify(right)}`,
      meta: { clause },
    })
  const both = <T>(clause: string, x: readonly T[], y: readonly T[]): readonly T[] => {
    const kept = x.filter((v) => y.includes(v)).sort()
    if (kept.length === 0) throw exclude(clause, x, y)
    return kept
  }
  if (a.committee !== b.committee) throw exclude('committee', a.committee, b.committee)
  return {
    committee: a.committee,
    purposes: both('purposes', a.purposes, b.purposes),
    engines: meet('engines', a.engines, b.engines, both) as Terms['engines'],
    builds: meetBuilds(a.builds, b.builds, both),
    tee: meetTee(a.tee, b.tee, both, exclude),
    providers: meet('providers', a.providers, b.providers, both) as Terms['providers'],
    machines: meet('machines', a.machines, b.machines, both) as Terms['machines'],
    buyers: meet('buyers', a.buyers, b.buyers, both) as Terms['buyers'],
    export: {
      adapter: stricter(a.export.adapter, b.export.adapter),
      full: stricter(a.export.full, b.export.full),
      data: stricter(a.export.data, b.export.data),
    },
    outputs: {
      maxBytes: Math.min(a.outputs.maxBytes, b.outputs.maxBytes),
      metrics: a.outputs.metrics.filter((m) => b.outputs.metrics.includes(m)).sort(),
      logs: a.outputs.logs.filter((m) => b.outputs.logs.includes(m)).sort(),
      maxMemorisation: least(a.outputs.maxMemorisation, b.outputs.maxMemorisation),
    },
    serving: {
      logprobs: a.serving.logprobs && b.serving.logprobs,
      embeddings: a.serving.embeddings && b.serving.embeddings,
      tokensPerClientPerDay: Math.min(a.serving.tokensPerClientPerDay, b.serving.tokensPerClientPerDay),
      bytesPerClientPerDay: Math.min(a.serving.bytesPerClientPerDay, b.serving.bytesPerClientPerDay),
    },
    lease: {
      ttlSeconds: Math.min(a.lease.ttlSeconds, b.lease.ttlSeconds),
      graceSeconds: Math.min(a.lease.graceSeconds, b.lease.graceSeconds),
    },
  }
}

type Both = <T>(clause: string, x: readonly T[], y: readonly T[]) => readonly T[]
type Choice = { readonly kind: 'any' | 'registered' } | { readonly kind: 'list'; readonly list: readonly Hex[] }

// any ⊇ registered ⊇ list: a list is the narrowest; the keeper checks registration of listed ones on its own.
function meet(clause: string, a: Choice, b: Choice, both: Both): Choice {
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', list: both(clause, a.list, b.list) }
  if (a.kind === 'list') return a
  if (b.kind === 'list') return b
  return a.kind === 'registered' ? a : b
}

function meetBuilds(a: Terms['builds'], b: Terms['builds'], both: Both): Terms['builds'] {
  if (a.kind === 'pinned' && b.kind === 'pinned') return { kind: 'pinned', list: both('builds', a.list, b.list) }
  if (a.kind === 'pinned') return a
  if (b.kind === 'pinned') return b
  return { kind: 'registry', noticeSeconds: Math.max(a.noticeSeconds, b.noticeSeconds) }
}

function meetTee(
  a: Terms['tee'],
  b: Terms['tee'],
  both: Both,
  exclude: (c: string, l: unknown, r: unknown) => AllodError,
): Terms['tee'] {
  const shared = {
    minimumTcb: Math.max(a.minimumTcb, b.minimumTcb),
    gpu: a.gpu === 'required' || b.gpu === 'required' ? ('required' as const) : ('none' as const),
  }
  if (a.trust === 'hardware' && b.trust === 'hardware')
    return { trust: 'hardware', kinds: both('tee', a.kinds, b.kinds), ...shared }
  if (a.trust === 'simulated' && b.trust === 'simulated' && a.root === b.root)
    return { trust: 'simulated', root: a.root, ...shared }
  throw exclude('tee', a, b)
}

const stricter = (a: 'never' | 'buyer', b: 'never' | 'buyer') => (a === 'buyer' && b === 'buyer' ? 'buyer' : 'never')

const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))

const isNothing = (r: Royalty) => r.bps === 0 && r.floorPerSecond === '0' && r.floorPerOrder === '0'

const sameRoyalty = (a: Royalty, b: Royalty) =>
  a.bps === b.bps && a.floorPerSecond === b.floorPerSecond && a.floorPerOrder === b.floorPerOrder
