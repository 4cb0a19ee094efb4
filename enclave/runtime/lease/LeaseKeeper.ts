import { setTimeout as delay } from 'node:timers/promises'
import {
  type Alive,
  aliveType,
  allodDomain,
  ascending,
  challengeShape,
  fromHex,
  type Hex,
  type JobDocument,
  type Lease,
  recoverSigner,
  renewHash,
  renewReplyShape,
  type SignedBy,
  signDigest,
  typedDigest,
} from '@allod/protocol'
import { newAdmission } from '../attest/collectVotes.ts'
import type { Attester } from '../attest/gatherEvidence.ts'
import type { EnclaveKeys } from '../attest/newEnclaveKeys.ts'
import { askAll, type Member, reasons } from '../attest/quorum.ts'
import { fail } from '../errors.ts'
import type { Grant } from '../grant/obtainGrant.ts'
import { ask, type HostLink } from '../HostLink.ts'

/** What the lease lets the job do. */
export type LeaseState = 'running' | 'paused' | 'lost'

/** Full evidence is shown again this often, seconds. */
const EVIDENCE_EVERY_SECONDS = 3600
/** Keepers sign for a time at most this long before their own. */
const MAX_SKEW_SECONDS = 30

/**
 * Renews the keepers' lease while a job runs. Without renewal for a ttl the job is paused; after the grace it is lost and
 * keys must be erased. Time is the monotonic clock's, so a host that turns the wall clock back gains nothing.
 */
export class LeaseKeeper {
  readonly #parts: Parts
  readonly #stop = new AbortController()
  #leases: Map<Hex, { member: Member; lease: Lease }>
  #renewedAt = performance.now()
  #evidenceAt = performance.now()
  #from: number
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
    this.#leases = new Map(parts.grant.replies.map(({ member, reply }) => [member.id, { member, lease: reply.lease }]))
    this.#from = parts.grant.facts.startedAt
  }

  /** Starts renewing. */
  start(): void {
    this.#loop = this.#run()
  }

  /** Stops renewing; resolves when no renewal is under way. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  /**
   * One renewal now, up to the keepers' present time: what they sign is the time that gets paid.
   * @throws runtime/lease-lost where fewer than t renew
   */
  async renew(): Promise<{ alive: Alive; signatures: readonly SignedBy[] }> {
    const { host, job, keys, attester } = this.#parts
    const admission =
      performance.now() - this.#evidenceAt > EVIDENCE_EVERY_SECONDS * 1000
        ? await newAdmission(host, attester, job, keys)
        : null
    const challenged = await askAll(
      [...this.#leases.values()].map((l) => l.member),
      (m, signal) => ask(host, m.destination, '/challenge', {}, challengeShape, { timeoutMs: 5000, signal }),
      (given) => signersOf(given.map((c) => c.time)) >= job.committee.t,
    )
    const upTo = commonTime(challenged.flatMap((a) => (a.kind === 'ok' ? [a.value.time] : [])))
    const alive: Alive = { order: job.order, generation: job.generation, from: this.#from, upTo }
    const digest = typedDigest(allodDomain(BigInt(job.terms.chainId), job.terms.market), aliveType, alive)
    const answers = await askAll(
      [...this.#leases.values()].map((l) => l.member),
      async (member, signal) => {
        const held = this.#leases.get(member.id)
        const challenge = challenged.find((a) => a.member.id === member.id)
        if (!held || challenge?.kind !== 'ok') throw fail('lease-lost', { actual: 'no challenge' })
        const signature = signDigest(
          keys.signing,
          fromHex(renewHash(held.lease, alive.from, upTo, challenge.value), 32),
        )
        const body = {
          lease: held.lease,
          terms: job.terms,
          from: alive.from,
          upTo,
          challenge: challenge.value,
          admission,
          signature,
        }
        const reply = await ask(host, member.destination, '/renew', body, renewReplyShape, { signal })
        const signer = recoverSigner(digest, reply.signature.signature)
        if (signer !== member.address) throw fail('vote-mismatch', { expected: alive, actual: reply.alive })
        return { member, lease: reply.lease, by: { signer, signature: reply.signature.signature } }
      },
      (given) => given.length >= job.committee.t,
    )
    const renewed = answers.flatMap((a) => (a.kind === 'ok' ? [a.value] : []))
    if (renewed.length < job.committee.t || upTo <= this.#from)
      throw fail('lease-lost', {
        expected: job.committee.t,
        actual: renewed.length,
        meta: { refusals: reasons(answers) },
      })
    for (const { member, lease } of renewed) this.#leases.set(member.id, { member, lease })
    this.#from = upTo
    this.#renewedAt = performance.now()
    if (admission) this.#evidenceAt = this.#renewedAt
    return { alive, signatures: ascending(renewed.map((r) => r.by)) }
  }

  async #run(): Promise<void> {
    const { ttlMs, graceMs, onState, onAlive } = this.#parts
    let state: LeaseState = 'running'
    const become = (next: LeaseState) => {
      if (state !== next) onState(next)
      state = next
    }
    while (!this.#stop.signal.aborted) {
      const wait = state === 'running' ? ttlMs / 2 : Math.min(ttlMs / 4, 5000)
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      if (this.#stop.signal.aborted) return
      try {
        const { alive, signatures } = await this.renew()
        become('running')
        await onAlive(alive, signatures)
      } catch {
        // Whatever the reason, only the time since the last renewal counts.
        const silentMs = performance.now() - this.#renewedAt
        if (silentMs > ttlMs + graceMs) return become('lost')
        if (silentMs > ttlMs) become('paused')
      }
    }
  }
}

/**
 * The time that most keepers sign: not after their own, and not long before. The earliest of all would let one keeper that
 * names the year 1970 end every lease.
 */
function commonTime(times: readonly number[]): number {
  return times.reduce((best, t) => (signersAt(times, t) > signersAt(times, best) ? t : best), times[0] ?? 0)
}

const signersAt = (times: readonly number[], upTo: number): number =>
  times.filter((t) => t >= upTo && t <= upTo + MAX_SKEW_SECONDS).length

/** How many sign the time that most do. */
const signersOf = (times: readonly number[]): number => signersAt(times, commonTime(times))

type Parts = {
  readonly host: HostLink
  readonly attester: Attester
  readonly job: JobDocument
  readonly keys: EnclaveKeys
  readonly grant: Grant
  readonly ttlMs: number
  readonly graceMs: number
  readonly onState: (state: LeaseState) => void
  readonly onAlive: (alive: Alive, signatures: readonly SignedBy[]) => Promise<void>
}
