import { anyJson, intersectPolicies, type NamedPolicy, type Terms } from '@allod/protocol'
import { collectVotes } from './attest/collectVotes.ts'
import type { Attester } from './attest/gatherEvidence.ts'
import { newEnclaveKeys } from './attest/newEnclaveKeys.ts'
import { checkpointKey } from './checkpoint/checkpointKey.ts'
import { Events } from './Events.ts'
import { grantKeys } from './grant/grantKeys.ts'
import type { OpenedKey } from './grant/openKeys.ts'
import { ask, type HostLink } from './HostLink.ts'
import type { Inbound } from './Inbound.ts'
import { openInputs } from './inputs/openInputs.ts'
import { fetchJob } from './job/fetchJob.ts'
import { underLease } from './lease/followLease.ts'
import { LeaseKeeper, type LeaseState } from './lease/LeaseKeeper.ts'
import { nowSeconds } from './nowSeconds.ts'
import type { OpenOrder } from './OpenOrder.ts'
import type { Places } from './places.ts'
import { reportFailure } from './report/reportFailure.ts'
import { runJob } from './runJob.ts'
import { serveAgent } from './serve/serveAgent.ts'
import { storesOf } from './stores.ts'

/** How long a start may take to become final. */
const FINALITY_MS = 30 * 60_000

/**
 * One order, from boot to its end: attest, be voted for, start, be granted keys, open, run, seal, report, or serve until
 * the order is over.
 */
export async function runOrder(host: HostLink, attester: Attester, places: Places, inbound: Inbound): Promise<void> {
  const job = await fetchJob(host)
  const events = new Events(host, job)
  events.phase('launched')
  const keys = await newEnclaveKeys()
  const base = { host, attester, job, keys, places, inbound, events }
  let leased: Leased | null = null
  try {
    leased = await obtainLease(base)
    const order = await open(leased)
    await (job.spec.kind === 'serve' ? serveAgent(order) : runJob(order))
    events.phase('ended')
  } catch (error) {
    await reportFailure(host, job, keys.signing, events, error)
    throw error
  } finally {
    await leased?.lease.stop()
    eraseAll(leased?.opened ?? [])
    await events.flush()
    keys.grant.secret.erase()
    keys.service.secret.erase()
    keys.signing.secret.erase()
  }
}

type Base = Pick<OpenOrder, 'host' | 'attester' | 'job' | 'keys' | 'places' | 'inbound' | 'events'>

/** An order under its lease, which is renewed from here on; its inputs are still sealed. */
type Leased = Base & Pick<OpenOrder, 'elected' | 'grant' | 'opened' | 'terms' | 'lease' | 'onLease'>

async function obtainLease(base: Base): Promise<Leased> {
  const { host, attester, job, keys, events } = base
  const elected = await collectVotes(host, attester, job, keys)
  events.phase('voted', `${elected.signatures.length} of ${job.committee.members.length} keepers`)
  await ask(host, 'provider', '/start', { vote: elected.vote, signatures: elected.signatures }, anyJson(8), {
    timeoutMs: 120_000,
  })
  events.phase('started')
  const { grant, opened } = await grantKeys(host, job, elected, keys.grant.secret, {
    deadlineMs: FINALITY_MS,
    onBadShare: (keeper, objectId) =>
      events.phase('attested', `a share of ${objectId} by keeper ${keeper} is bad and was left out`),
  })
  keys.grant.secret.erase()
  events.phase('granted')
  const terms = termsOf(opened)
  // Until an engine runs, all that a lost lease can take away are the keys.
  const onLease = {
    follow: (state: LeaseState) => {
      if (state === 'lost') eraseAll(opened)
    },
  }
  const lease = newLease({ ...base, grant, terms, onLease })
  // Opening may take longer than two ttl, after which no keeper would renew any more.
  lease.start()
  return { ...base, elected, grant, opened, terms, lease, onLease }
}

async function open(leased: Leased): Promise<OpenOrder> {
  const { host, job, grant, opened, places, events } = leased
  const stores = storesOf(host, job.spec)
  const resumeKey = checkpointKey(job, grant.facts.buyer, opened)
  try {
    await underLease(leased, () => openInputs(job, opened, stores, places))
  } catch (error) {
    resumeKey?.erase()
    throw error
  }
  events.phase('opened')
  return { ...leased, stores, resumeKey, startedAt: nowSeconds() }
}

const eraseAll = (opened: readonly OpenedKey[]): void => {
  for (const { dek } of opened) dek.erase()
}

function termsOf(opened: readonly OpenedKey[]): Terms {
  const [first, ...rest] = opened.map(({ input, manifest }): NamedPolicy => ({ name: input, policy: manifest.policy }))
  return first === undefined ? openTerms : intersectPolicies([first, ...rest])
}

// An order on public inputs only: nobody's secret is at stake, so nothing but the spec limits it.
const openTerms: Terms = {
  committee: `0x${'00'.repeat(32)}`,
  purposes: ['finetune', 'run', 'serve'],
  engines: { kind: 'any' },
  builds: { kind: 'registry', noticeSeconds: 0 },
  tee: { trust: 'hardware', kinds: ['sevsnp', 'tdx'], minimumTcb: 0, gpu: 'none' },
  providers: { kind: 'any' },
  machines: { kind: 'any' },
  buyers: { kind: 'any' },
  export: { adapter: 'buyer', full: 'buyer', data: 'buyer' },
  outputs: {
    maxBytes: 2 ** 40,
    metrics: ['step', 'eval', 'checkpoint'],
    logs: [],
    maxMemorisation: null,
  },
  serving: {
    logprobs: true,
    embeddings: true,
    tokensPerClientPerDay: Number.MAX_SAFE_INTEGER,
    bytesPerClientPerDay: Number.MAX_SAFE_INTEGER,
  },
  lease: { ttlSeconds: 600, graceSeconds: 1800 },
}

function newLease(parts: Base & Pick<OpenOrder, 'grant' | 'terms' | 'onLease'>): LeaseKeeper {
  const { host, events, terms, inbound, onLease } = parts
  return new LeaseKeeper({
    ...parts,
    ttlMs: terms.lease.ttlSeconds * 1000,
    graceMs: terms.lease.graceSeconds * 1000,
    endedAt: () => inbound.endedAt,
    onState: (state) => {
      if (state !== 'running')
        events.phase('paused', state === 'lost' ? 'the lease is lost: keys are erased' : 'the keepers do not renew')
      else events.phase('running')
      onLease.follow(state)
    },
    // The provider keeps what it takes, and has it paid.
    onAlive: async (alive, signatures) => {
      await ask(host, 'provider', '/beat', { alive, signatures }, anyJson(8), { timeoutMs: 120_000 })
    },
  })
}
