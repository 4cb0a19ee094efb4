import type { Policy } from '@allod/protocol'

/** What a person should know of an object's policy: one sentence for each question. */
export type PolicyWords = {
  readonly whoCanRead: string
  readonly isItKept: string
  readonly whatLeaves: string
  readonly whatThePublicSees: string
}

/** A policy in words. `t` of `n` keepers guard the key. */
export function describePolicy(policy: Policy, { t, n }: { readonly t: number; readonly n: number }): PolicyWords {
  const { tee, purposes, engines, buyers, export: out, lease } = policy
  const chip =
    tee.trust === 'hardware'
      ? `a ${tee.kinds.join(' or ')} enclave`
      : 'a simulated enclave, which keeps no secret from the machine’s owner,'
  const engine =
    engines.kind === 'any'
      ? 'any engine'
      : `${engines.list.length} named engine${plural(engines.list.length)} (${engines.list.map((e) => e.slice(0, 12)).join(', ')})`
  const buyer =
    buyers.kind === 'any' ? 'anyone who pays' : `${buyers.list.length} named buyer${plural(buyers.list.length)}`
  const leaving = (['adapter', 'full', 'data'] as const).filter((kind) => out[kind] === 'buyer')
  return {
    whoCanRead: `only ${chip} with an approved build, running ${engine} to ${purposes.join(' or ')} for ${buyer}; ${t} of ${n} keepers must agree`,
    isItKept: `keys are renewed every ${lease.ttlSeconds} s and erased ${lease.graceSeconds} s after a renewal fails; the ciphertext stays in the stores`,
    whatLeaves: [
      leaving.length === 0 ? 'no file leaves the enclave unsealed' : `the buyer may take out: ${leaving.join(', ')}`,
      ...(purposes.includes('serve') ? ['an agent’s answers go to whoever has its token'] : []),
      ...(engines.kind === 'any' && buyers.kind === 'any'
        ? ['ANY ENGINE may read it, also one that a buyer wrote to tell all of it']
        : []),
    ].join('; '),
    whatThePublicSees:
      'owner, object id, policy, price, orders and payments; no content, and of a padded object only its size class',
  }
}

const plural = (count: number): string => (count === 1 ? '' : 's')
