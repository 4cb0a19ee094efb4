import { anyJson, intersectPolicies, type NamedPolicy, type Terms } from '@allod/protocol'
import { collectVotes } from './attest/collectVotes.ts'
import type { Attester } from './attest/gatherEvidence.ts'
import { newEnclaveKeys } from './attest/newEnclaveKeys.ts'
import { checkpointKey } from './checkpoint/checkpointKey.ts'
import { Events } from './Events.ts'
import { grantKeys } from './grant/grantKeys.ts'
import type { OpenedKey } from './grant/openKeys.ts'
import { ask, type HostLink } from './HostLink.ts'
import { openInputs } from './inputs/openInputs.ts'
import { fetchJob } from './job/fetchJob.ts'
import { LeaseKeeper, type LeaseState } from './lease/LeaseKeeper.ts'
import { nowSeconds } from './nowSeconds.ts'
import type { OpenOrder } from './OpenOrder.ts'
import type { Places } from './places.ts'
import { reportFailure } from './report/reportFailure.ts'
import { runJob } from './runJob.ts'
import { sendBeat } from './sendBeat.ts'
import { serveAgent } from './serve/serveAgent.ts'
import { storesOf } from './stores.ts'

/** How long a start may take to become final. */
const FINALITY_MS = 30 * 60_000

/**
 * One order, from boot to its end: attest, be voted for, start, be granted keys, open, run, seal, report, or serve until
 * the term is over.
 */
export async function runOrder(host: HostLink, attester: Attester, places: Places): Promise<void> {
  const job = await fetchJob(host)
  const events = new Events(host, job)
  events.phase('launched')
  const keys = await newEnclaveKeys()
  try {
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
    const stores = storesOf(host, job.spec)
    const resumeKey = checkpointKey(job, grant.facts.buyer, opened)
    await openInputs(job, opened, stores, places)
    events.phase('opened')
    const terms = termsOf(opened)
    const onLease = { follow: (_: LeaseState) => {} }
    const lease = newLease({ host, attester, job, keys, grant, terms, events, onLease })
    lease.start()
    const startedAt = nowSeconds()
    const order: OpenOrder = {
      host,
      attester,
      job,
      keys,
      elected,
      grant,
      opened,
      stores,
      terms,
      places,
      events,
      lease,
      startedAt,
      onLease,
      resumeKey,
    }
    await (job.spec.kind === 'serve' ? serveAgent(order) : runJob(order))
    events.phase('ended')
  } catch (error) {
    await reportFailure(host, job, keys.signing, events, error)
    throw error
  } finally {
    await events.flush()
    keys.service.secret.erase()
    keys.signing.secret.erase()
  }
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

function newLease(
  parts: Pick<OpenOrder, 'host' | 'attester' | 'job' | 'keys' | 'grant' | 'terms' | 'events' | 'onLease'>,
): LeaseKeeper {
  const { host, events, terms, onLease } = parts
  return new LeaseKeeper({
    ...parts,
    ttlMs: terms.lease.ttlSeconds * 1000,
    graceMs: terms.lease.graceSeconds * 1000,
    onState: (state) => {
      if (state !== 'running')
        events.phase('paused', state === 'lost' ? 'the lease is lost: keys are erased' : 'the keepers do not renew')
      else events.phase('running')
      onLease.follow(state)
    },
    onAlive: (alive, signatures) => sendBeat(host, alive, signatures),
  })
}
