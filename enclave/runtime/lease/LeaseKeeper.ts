import { setTimeout as delay } from 'node:timers/promises'
import {
  type Admission,
  type Alive,
  aliveType,
  allodDomain,
  ascending,
  type Challenge,
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
import { commonTime, signersOf } from './commonTime.ts'

/** What the lease lets the job do. */
export type LeaseState = 'running' | 'paused' | 'lost'

/** Full evidence is shown again this often, seconds. */
const EVIDENCE_EVERY_SECONDS = 3600
/** How often the last of the time is tried to be attested. */
const LAST_TRIES = 3
const SOON_MS = 5000
/** How soon what the provider did not take is attested again. */
const AGAIN_MS = 30_000

/**
 * Renews the keepers' lease while a job runs, and hands the time they attest to the provider. Without renewal for a ttl the
 * job is paused; after the grace it is lost and keys must be erased. Time is the monotonic clock's, so a host that turns the
 * wall clock back gains nothing.
 */
export class LeaseKeeper {
  readonly #parts: Parts
  readonly #stop = new AbortController()
  #leases: Map<Hex, { member: Member; lease: Lease }>
  #state: LeaseState = 'running'
  #renewedAt = performance.now()
  #evidenceAt = performance.now()
  /** The keepers' time, when it was heard. */
  #heard: { readonly time: number; readonly at: number }
  /** End of the time that the provider took over: what it did not is attested again. */
  #from: number
  #endsAt: number
  #turn: Promise<unknown> = Promise.resolve()
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: Parts) {
    const { facts, replies } = parts.grant
    this.#parts = parts
    this.#leases = new Map(replies.map(({ member, reply }) => [member.id, { member, lease: reply.lease }]))
    this.#from = facts.startedAt
    this.#endsAt = facts.endsAt
    this.#heard = { time: commonTime(replies.map((r) => r.reply.time)), at: performance.now() }
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

  get state(): LeaseState {
    return this.#state
  }

  /** Milliseconds until the order is over, by the keepers' clocks; less than none once it is. */
  leftMs(): number {
    const { time, at } = this.#heard
    return (this.#end() - time) * 1000 - (performance.now() - at)
  }

  /**
   * One renewal now, up to the keepers' present time or the order's end; the time since the last beat that the provider took
   * is handed to it. Beats follow one another, and none is sent where nothing is left to attest.
   * @throws runtime/lease-lost where fewer than t renew, and what handing over throws
   */
  beat(): Promise<void> {
    const next = this.#turn.then(() => this.#beat())
    this.#turn = next.catch(() => undefined)
    return next
  }

  /** Stops renewing, and attests the last of the time, again where that fails at first. @throws as `beat` */
  async close(): Promise<void> {
    await this.stop()
    for (let tries = 1; ; tries++)
      try {
        return await this.beat()
      } catch (error) {
        if (tries === LAST_TRIES) throw error
        await delay(Math.min(this.#parts.ttlMs / 4, SOON_MS))
      }
  }

  #end(): number {
    return Math.min(this.#endsAt, this.#parts.endedAt() ?? this.#endsAt)
  }

  async #beat(): Promise<void> {
    if (this.#end() <= this.#from) return
    const renewed = await this.#renew()
    if (renewed === null) return
    await this.#parts.onAlive(renewed.alive, renewed.signatures)
    this.#from = renewed.alive.upTo
  }

  /** Null where no time has passed by the keepers' clocks, so that there is nothing to renew. */
  async #renew(): Promise<{ alive: Alive; signatures: readonly SignedBy[] } | null> {
    const { host, job, keys, attester } = this.#parts
    const admission =
      performance.now() - this.#evidenceAt > EVIDENCE_EVERY_SECONDS * 1000
        ? await newAdmission(host, attester, job, keys)
        : null
    const challenges = await this.#challenge()
    const now = commonTime([...challenges.values()].map((c) => c.time))
    this.#heard = { time: now, at: performance.now() }
    const upTo = Math.min(now, this.#end())
    if (upTo <= this.#from) return null
    const alive: Alive = { order: job.order, generation: job.generation, from: this.#from, upTo }
    const answers = await askAll(
      this.#members(),
      (member, signal) => this.#ask(member, alive, { challenge: challenges.get(member.id), admission, signal }),
      (given) => given.length >= job.committee.t,
    )
    const renewed = answers.flatMap((a) => (a.kind === 'ok' ? [a.value] : []))
    if (renewed.length < job.committee.t)
      throw fail('lease-lost', {
        expected: job.committee.t,
        actual: renewed.length,
        meta: { refusals: reasons(answers) },
      })
    for (const { member, lease } of renewed) this.#leases.set(member.id, { member, lease })
    this.#endsAt = agreedEnd(
      renewed.map((r) => r.endsAt),
      job.committee.t,
    )
    // What is attested once the order is over does not let keys be held any longer.
    if (upTo === now) {
      this.#renewedAt = performance.now()
      this.#become('running')
    }
    if (admission) this.#evidenceAt = performance.now()
    return { alive, signatures: ascending(renewed.map((r) => r.by)) }
  }

  #members(): readonly Member[] {
    return [...this.#leases.values()].map((l) => l.member)
  }

  async #challenge(): Promise<ReadonlyMap<Hex, Challenge>> {
    const { host, job } = this.#parts
    const answers = await askAll(
      this.#members(),
      (m, signal) => ask(host, m.destination, '/challenge', {}, challengeShape, { timeoutMs: 5000, signal }),
      (given) => signersOf(given.map((c) => c.time)) >= job.committee.t,
    )
    return new Map(answers.flatMap((a) => (a.kind === 'ok' ? [[a.member.id, a.value]] : [])))
  }

  async #ask(
    member: Member,
    alive: Alive,
    {
      challenge,
      admission,
      signal,
    }: { challenge: Challenge | undefined; admission: Admission | null; signal: AbortSignal },
  ) {
    const { host, job, keys } = this.#parts
    const held = this.#leases.get(member.id)
    if (!held || !challenge) throw fail('lease-lost', { actual: 'no challenge' })
    const { from, upTo } = alive
    const { lease } = held
    const signature = signDigest(keys.signing, fromHex(renewHash(lease, from, upTo, challenge), 32))
    const body = { lease, terms: job.terms, from, upTo, challenge, admission, signature }
    const reply = await ask(host, member.destination, '/renew', body, renewReplyShape, { signal })
    const digest = typedDigest(allodDomain(BigInt(job.terms.chainId), job.terms.market), aliveType, alive)
    const signer = recoverSigner(digest, reply.signature.signature)
    if (signer !== member.address) throw fail('vote-mismatch', { expected: alive, actual: reply.alive })
    return {
      member,
      lease: reply.lease,
      endsAt: reply.endsAt,
      by: { signer, signature: reply.signature.signature },
    }
  }

  async #run(): Promise<void> {
    const { ttlMs, graceMs } = this.#parts
    let isBehind = false
    while (!this.#stop.signal.aborted) {
      const soon = this.#state === 'paused' ? SOON_MS : AGAIN_MS
      const wait = this.#state === 'running' && !isBehind ? ttlMs / 2 : Math.min(ttlMs / 4, soon)
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      if (this.#stop.signal.aborted) return
      // Whatever the reason, only the time since the last renewal counts.
      isBehind = await this.beat().then(
        () => false,
        () => true,
      )
      const silentMs = performance.now() - this.#renewedAt
      if (silentMs > ttlMs + graceMs) return this.#become('lost')
      if (silentMs > ttlMs) this.#become('paused')
    }
  }

  #become(next: LeaseState): void {
    if (this.#state === next || this.#state === 'lost') return
    this.#state = next
    this.#parts.onState(next)
  }
}

/** The latest end that t keepers say or exceed: one alone can neither cut a term short nor stretch it. */
const agreedEnd = (ends: readonly number[], t: number): number => ends.toSorted((a, b) => b - a)[t - 1] ?? 0

type Parts = {
  readonly host: HostLink
  readonly attester: Attester
  readonly job: JobDocument
  readonly keys: EnclaveKeys
  readonly grant: Grant
  readonly ttlMs: number
  readonly graceMs: number
  /** When the order was ended, as the host says; null while it says nothing. */
  readonly endedAt: () => number | null
  readonly onState: (state: LeaseState) => void
  readonly onAlive: (alive: Alive, signatures: readonly SignedBy[]) => Promise<void>
}
