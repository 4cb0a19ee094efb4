import {
  type Alive,
  aliveType,
  allodDomain,
  documentHash,
  fromHex,
  type Lease,
  type Renew,
  type RenewReply,
  renewHash,
  requireSigner,
  requireTerms,
  signDigest,
  typedDigest,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { judgeAdmission } from '../judge/judgeAdmission.ts'
import { requireClock } from '../judge/requireClock.ts'
import { isOver, requireAttestable } from '../judge/requireOrderState.ts'
import { requireRelease } from '../judge/requireRelease.ts'
import type { Keeper } from '../Keeper.ts'
import { requireOwnChallenge } from '../keys/challenge.ts'
import { newLease, requireOwnLease } from '../keys/lease.ts'

/**
 * Renews a lease: signs that the enclave was alive and attested from `from` to `upTo`, which is the time that gets paid.
 * @throws keeper/lease-forged, keeper/challenge-missing, keeper/challenge-forged, keeper/challenge-expired,
 * protocol/wrong-signer, protocol/order-terms-mismatch, keeper/renew-range, keeper/lease-gap, keeper/evidence-due,
 * keeper/wrong-order, keeper/clock-skew, keeper/enclave-mismatch, keeper/order-state, keeper/release-refused
 */
export async function renew(request: Renew, keeper: Keeper): Promise<RenewReply> {
  const { config, keys, log } = keeper
  const { lease, terms, from, upTo, challenge } = request
  const { order, generation, enclave } = lease
  const now = keeper.now()
  requireOwnLease(lease, keys.leaseMac)
  if (challenge.keeper !== keys.id) throw fail('challenge-missing', { expected: keys.id, actual: challenge.keeper })
  requireOwnChallenge(challenge, keys.challengeMac, { now })
  requireSigner(fromHex(renewHash(lease, from, upTo, challenge), 32), request.signature, enclave)
  requireTerms(terms, order)
  requireTime(lease, { from, upTo, now })
  const evidence = await requireFreshEvidence(request, now, keeper)

  const chain = await keeper.readChain({
    at: 'final',
    order,
    release: { terms, enclave, build: lease.build },
    provider: null,
    build: null,
    measurement: null,
    objects: lease.objects,
  })
  requireClock(chain.headTime, now, config.clock)
  requireAttestable(chain, { generation, enclave })
  const { endsAt } = chain.order
  if (upTo > endsAt) throw fail('renew-range', { expected: `up to ${endsAt}, the end of the order`, actual: upTo })
  // What is over needs no release: this attests what was delivered, and keys stay where they are only while an order runs.
  if (!isOver(chain)) requireRelease(chain)

  const { mac: _, ...said } = lease
  const renewed = newLease(keys.leaseMac, { ...said, ...evidence, upTo: Math.max(lease.upTo, upTo) })
  const subject = documentHash('allod/lease/v1', renewed)
  await log.append({ kind: 'renew', order, generation, enclave, subject, outcome: 'ok' })
  const alive: Alive = { order, generation, from, upTo }
  const digest = typedDigest(allodDomain(BigInt(config.chainId), config.addresses.market), aliveType, alive)
  return {
    alive,
    signature: { signer: keys.signing.address, signature: signDigest(keys.signing, digest) },
    lease: renewed,
    endsAt,
    time: now,
  }
}

type Asked = { readonly from: number; readonly upTo: number; readonly now: number }

// Who is alive now was so all along, from the grant on, as long as renewals leave no gap.
function requireTime(lease: Lease, { from, upTo, now }: Asked): void {
  const { upTo: known, evidenceAt, ttlSeconds } = lease
  if (from < lease.from || upTo <= from || upTo > now)
    throw fail('renew-range', { expected: `within ${lease.from}..${now}`, actual: `${from}..${upTo}` })
  // The wait for the start to become final is no gap: the grant judged the same evidence again at its end.
  const gap = now - Math.max(known, evidenceAt)
  if (gap > 2 * ttlSeconds) throw fail('lease-gap', { expected: `<= ${2 * ttlSeconds} s`, actual: gap })
}

async function requireFreshEvidence(
  { lease, admission }: Renew,
  now: number,
  keeper: Keeper,
): Promise<{ readonly evidenceAt: number }> {
  if (admission === null) {
    const dueAt = lease.evidenceAt + keeper.config.evidenceEverySeconds
    if (now > dueAt) throw fail('evidence-due', { expected: `before ${dueAt}`, actual: now })
    return { evidenceAt: lease.evidenceAt }
  }
  const { order, generation, enclave } = admission.launch.message
  if (order !== lease.order || generation !== lease.generation || enclave !== lease.enclave)
    throw fail('wrong-order', { expected: { ...lease, objects: undefined }, actual: { order, generation, enclave } })
  await judgeAdmission(admission, 'renew', keeper)
  return { evidenceAt: now }
}
