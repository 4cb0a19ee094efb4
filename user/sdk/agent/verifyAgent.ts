import { bind, type EvidenceBundle, evidenceShape, verify } from '@allod/attestation'
import type { OrderLog, OrderOnChain, View } from '@allod/chain'
import { type AgentCard, fromHex, type Hex, isAllodError, requireAgentCard, sha256, toHex } from '@allod/protocol'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { equal, fromAppraisal, type ProofCheck, unknown } from '../verify/proofCheck.ts'
import { askJson } from '../wire/askJson.ts'

/** What a client demands beyond what always holds. */
export type AgentPolicy = {
  readonly minimumTcb?: number
  readonly machines?: 'any' | readonly Hex[]
  /** Builds taken although the registry does not list them, or instead of it. */
  readonly pinnedBuilds?: readonly Hex[]
}

/** The outcome of looking at an agent: every check, and the key to talk to where all of them pass. */
export type AgentVerdict = {
  readonly isAccepted: boolean
  /** False for a simulated chip: no secret from the machine's owner. */
  readonly isHardware: boolean
  readonly checks: readonly ProofCheck[]
  readonly card: AgentCard
  readonly order: Hex
  readonly generation: number
  /** The enclave's signing address, as the chain recorded it. */
  readonly enclave: Hex
  /** The attested key that requests are sealed to. */
  readonly serviceKey: Hex
  /** Hash of the evidence that keepers voted on, which requests are bound to. */
  readonly evidenceHash: Hex
  /** Unix seconds until which the verdict may be relied on. */
  readonly validUntil: number
  readonly evidence: EvidenceBundle
}

/** Kinds of offers, as the contracts number them. */
const OBJECT = 2
const ENGINE = 3

/** Clients have no keeper id; their nonce stands under zero. */
const CLIENT: Hex = `0x${'00'.repeat(32)}`
/** How long a nonce, and with it a verdict, is good: the enclave's key lives for an hour. */
const NONCE_SECONDS = 3600

/**
 * Verifies an agent on this side, trusting nobody between: the card, fresh evidence over an own nonce, what keepers let on
 * chain. Never throws for a check that fails: the verdict lists them all.
 * @param options.known the card known so far; an older or another agent's card is refused
 * @throws protocol/wrong-signer, protocol/card-rolled-back, protocol/card-of-another-agent, sdk/agent-refused where there is no
 *   evidence because its order does not run, gateway/…, chain errors
 */
export async function verifyAgent(
  allod: Allod,
  card: AgentCard,
  { known = null, policy = {} }: { readonly known?: AgentCard | null; readonly policy?: AgentPolicy } = {},
): Promise<AgentVerdict> {
  requireAgentCard(card, known)
  const order = card.orders.at(-1) as Hex
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(32)))
  const [view, evidence] = await Promise.all([
    allod.chain.latest(),
    askJson(allod, `${allod.network.gateway.url}/o/${order}/evidence?nonce=${nonce}`, evidenceShape, {
      maxBytes: 1 << 20,
    }).catch(async (cause: unknown) => {
      throw await whyNoEvidence(allod, order, cause)
    }),
  ])
  const [state, events] = await Promise.all([view.order(order), view.orderEvents(order)])
  const recorded = recordedEnclave(events, state.generation)
  const now = Math.floor(Date.now() / 1000)
  const proof = await evidenceProof(allod, view, { card, order, state, evidence, nonce, now, policy })
  const checks = [
    ...proof.checks,
    ...chainProof(card, state, events, evidence, recorded),
    ...(await paidFor(view, order, card)),
  ]
  return {
    isAccepted: checks.every((c) => c.result === 'pass'),
    isHardware: allod.trust.isHardware,
    checks,
    card,
    order,
    generation: state.generation,
    enclave: state.enclave,
    serviceKey: evidence.bound.hpkeKey,
    evidenceHash: recorded.evidenceHash,
    validUntil: Math.min(proof.validUntil, state.endsAt),
    evidence,
  }
}

/** Refuses an agent that any check speaks against. @throws sdk/agent-refused */
export function requireAgent(verdict: AgentVerdict): void {
  const refused = verdict.checks.filter((c) => c.result !== 'pass')
  const [first] = refused
  if (verdict.isAccepted && first === undefined) return
  throw fail('agent-refused', {
    expected: first?.expected,
    actual: first?.actual,
    meta: { check: first?.name, refused: refused.map((c) => c.name) },
  })
}

/** An order that is over, or not begun, has no enclave to ask: the chain says so, whatever a gateway makes of it. */
async function whyNoEvidence(allod: Allod, order: Hex, cause: unknown): Promise<unknown> {
  const { state } = await (await allod.chain.latest()).order(order)
  if (state === 'active') return cause
  const check = 'order-live'
  return fail('agent-refused', { cause, expected: 'active', actual: state, meta: { check, refused: [check] } })
}

type Asked = {
  readonly card: AgentCard
  readonly order: Hex
  readonly state: OrderOnChain
  readonly evidence: EvidenceBundle
  readonly nonce: Hex
  readonly now: number
  readonly policy: AgentPolicy
}

async function evidenceProof(
  { trust, network }: Allod,
  view: View,
  { order, state, evidence, nonce, now, policy }: Asked,
): Promise<{ readonly checks: readonly ProofCheck[]; readonly validUntil: number }> {
  try {
    const verified = await verify(evidence, { verifiers: trust.verifiers, now })
    const terms = await view.terms(order)
    const bound = await bind(verified, evidence.bound, {
      nonce: { id: CLIENT, nonce },
      nonceValidUntil: now + NONCE_SECONDS,
      expected: {
        role: 'client',
        signingAddress: state.enclave,
        specHash: terms.specHash,
        chainId: network.chainId,
        market: network.addresses.market,
        order,
        generation: state.generation,
      },
    })
    const { measurement } = verified.cpu
    const pinned = policy.pinnedBuilds ?? []
    const known =
      (await view.buildOf(toHex(sha256(fromHex(measurement))))) ?? trust.measurements(pinned).get(measurement)
    const isApproved = known !== undefined && (pinned.includes(known) || (await view.build(known)).isApproved)
    const { checks, validUntil } = trust.appraise(bound, {
      minimumTcb: policy.minimumTcb ?? 0,
      gpus: 'any',
      minimumGpuFirmware: 0,
      machines: policy.machines ?? 'any',
      configs: 'any',
      builds: isApproved ? [known] : [],
      measurements: new Map(known === undefined ? [] : [[measurement, known]]),
    })
    return { checks: fromAppraisal(checks), validUntil }
  } catch (error) {
    if (!isAllodError(error) || !error.code.startsWith('attestation/')) throw error
    const check = unknown('evidence', 'chip', 'evidence', 'evidence that verifies under a known root')
    return { checks: [{ ...check, result: 'fail', actual: error.code }], validUntil: 0 }
  }
}

type Recorded = { readonly evidenceHash: Hex; readonly build: string; readonly enclave: string }

function recordedEnclave(events: readonly OrderLog[], generation: number): Recorded {
  const bound = events.findLast((e) => e.name === 'Bound' && Number(e.args.generation) === generation)
  const said = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : 'none')
  return {
    evidenceHash: said(bound?.args.evidenceHash) as Hex,
    build: said(bound?.args.build),
    enclave: said(bound?.args.enclave),
  }
}

function chainProof(
  card: AgentCard,
  state: OrderOnChain,
  events: readonly OrderLog[],
  { bound }: EvidenceBundle,
  recorded: Recorded,
): readonly ProofCheck[] {
  const buyer = events.find((e) => e.name === 'Created')?.args.buyer
  return [
    equal('order-live', 'order', 'chain', 'active', state.state),
    equal('order-kind', 'order', 'chain', 'serve', state.job ?? 'none'),
    equal('enclave-recorded', 'order', 'chain', recorded.enclave, bound.signingAddress),
    equal('build-recorded', 'code', 'chain', recorded.build, bound.buildDigest),
    equal('card-buyer', 'order', 'card', typeof buyer === 'string' ? buyer.toLowerCase() : 'none', card.buyer),
  ]
}

// What the card says is served against what the order paid for. The buyer's own inputs are on no chain; receipts name them.
async function paidFor(view: View, order: Hex, card: AgentCard): Promise<readonly ProofCheck[]> {
  const { offers } = await view.terms(order)
  const posted = await Promise.all(offers.map((hash) => view.postedOffer(hash)))
  const rented = posted.flatMap((p) => (p?.offer.kind === OBJECT ? [p.offer.subject] : []))
  const [engine] = posted.flatMap((p) => (p?.offer.kind === ENGINE ? [p.offer.subject] : []))
  const named = card.objects.filter((id) => rented.includes(id))
  return [
    engine === undefined
      ? unknown('card-engine', 'code', 'chain', 'the engine that the order rents')
      : equal('card-engine', 'code', 'chain', engine, card.engine),
    equal('card-objects', 'order', 'chain', [...rented].sort().join(' '), [...named].sort().join(' ')),
  ]
}
