import { setTimeout as delay } from 'node:timers/promises'
import {
  canonicalise,
  equalBytes,
  type Facts,
  factsHash,
  fromHex,
  type GrantReply,
  grantReplyShape,
  isPassing,
  type JobDocument,
  recoverSigner,
  type SignedFacts,
} from '@allod/protocol'
import type { Elected } from '../attest/collectVotes.ts'
import { type Answer, askAll, type Member, membersOf, reasons } from '../attest/quorum.ts'
import { fail } from '../errors.ts'
import { ask, type HostLink } from '../HostLink.ts'

/** What t keepers agree on, with their sealed shares and leases. */
export type Grant = {
  readonly facts: Facts
  readonly signedFacts: readonly SignedFacts[]
  readonly replies: readonly { readonly member: Member; readonly reply: GrantReply }[]
}

/**
 * Phase two: asks until t keepers, having seen the start in a final block, release their shares and state the same facts.
 * @param options.deadlineMs how long finality may take; until then keepers answer that it has not come, or cannot tell yet
 * @param options.atLeast how many must agree; t unless told
 * @throws runtime/not-enough-grants with each keeper's reason; runtime/facts-disagree where enough granted, but not on one
 */
export async function obtainGrant(
  host: HostLink,
  job: JobDocument,
  { admission, vote }: Elected,
  { deadlineMs, atLeast = job.committee.t }: { readonly deadlineMs: number; readonly atLeast?: number },
): Promise<Grant> {
  const until = performance.now() + deadlineMs
  const granted = new Map<string, { member: Member; reply: GrantReply }>()
  for (;;) {
    const waiting = membersOf(job.committee).filter((m) => !granted.has(m.id))
    const answers = await askAll(
      waiting,
      async (member, signal) => {
        const reply = await ask(host, member.destination, '/grant', admission, grantReplyShape, { signal })
        requireFacts(reply.facts, member, job, vote.enclave)
        return { member, reply }
      },
      (fresh) => largestAgreement([...granted.values(), ...fresh]).length >= atLeast,
    )
    for (const a of answers) if (a.kind === 'ok') granted.set(a.member.id, a.value)
    const agreed = largestAgreement([...granted.values()])
    if (agreed.length >= atLeast) {
      const [first] = agreed
      if (first)
        return { facts: first.reply.facts.facts, signedFacts: agreed.map((g) => g.reply.facts), replies: agreed }
    }
    if (!isWorthWaiting(answers, atLeast - granted.size) || performance.now() > until) {
      const details = { expected: atLeast, actual: agreed.length, meta: { refusals: reasons(answers) } }
      if (granted.size >= atLeast) throw fail('facts-disagree', details)
      throw fail('not-enough-grants', details)
    }
    await delay(250)
  }
}

// Buyer, policies and keys come from these facts alone, so they must be this order's, by this keeper.
function requireFacts(signed: SignedFacts, member: Member, job: JobDocument, enclave: string): void {
  const { facts, block, by } = signed
  const signer = recoverSigner(fromHex(factsHash(facts, block), 32), by.signature)
  const isOurs =
    signer === member.address &&
    facts.order === job.order &&
    facts.generation === job.generation &&
    facts.enclave === enclave &&
    facts.specHash === job.terms.specHash &&
    facts.committee === job.spec.committee
  if (!isOurs)
    throw fail('facts-mismatch', {
      expected: { order: job.order, keeper: member.address },
      actual: { order: facts.order, keeper: signer },
    })
}

function largestAgreement<T extends { readonly reply: GrantReply }>(granted: readonly T[]): readonly T[] {
  const same = (a: T, b: T) => equalBytes(canonicalise(a.reply.facts.facts), canonicalise(b.reply.facts.facts))
  return granted.map((g) => granted.filter((other) => same(g, other))).sort((a, b) => b.length - a.length)[0] ?? []
}

/** Whether those that may still grant, with those that did, could be enough. */
function isWorthWaiting(answers: readonly Answer<unknown>[], missing: number): boolean {
  const later = answers.filter(
    (a) => a.kind === 'refused' && (isPassing(a.code) || a.code === 'runtime/keeper-unreachable'),
  )
  return later.length > 0 && later.length >= missing
}
