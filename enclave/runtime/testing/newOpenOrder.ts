import { Secret } from '@allod/protocol'
import { Events } from '../Events.ts'
import { Inbound } from '../Inbound.ts'
import { LeaseKeeper } from '../lease/LeaseKeeper.ts'
import type { OpenOrder } from '../OpenOrder.ts'
import type { Places } from '../places.ts'
import { attester, type TestOrder } from './newOrder.ts'
import { playKeepers } from './playKeepers.ts'

/** The order as a job has it once its inputs are open. */
export function newOpenOrder(order: TestOrder, places: Places): OpenOrder {
  const { job, keys, terms, facts, objectId, manifest } = order
  const { host } = playKeepers(order)
  const grant = { facts, signedFacts: [], replies: [] }
  const { order: id, generation, spec } = job
  const enclave = keys.signing.address
  const bound = {
    ...{ role: 'grant' as const, nonces: [], hpkeKey: keys.grant.publicKey, signingAddress: enclave },
    ...{ tlsSpkiHash: null, devicesHash: spec.build, buildDigest: spec.build, specHash: job.terms.specHash },
    ...{ chainId: job.terms.chainId, market: job.terms.market, order: id, generation },
  }
  const bundle = {
    ...{ version: 1 as const, devices: [], bound },
    cpu: { kind: 'simulated' as const, evidence: '', endorsements: [] },
  }
  const admission = {
    ...{ challenges: [], bundle, spec, terms: job.terms, manifests: job.manifests, committee: job.committee },
    launch: { message: { order: id, generation, enclave }, signature: `0x${'11'.repeat(65)}` as const },
  }
  const vote = {
    ...{ order: id, generation, enclave, grantKeyHash: spec.build, build: spec.build, evidenceHash: spec.build },
    ...{ committee: spec.committee, validUntil: facts.startedAt },
  }
  const onState = () => {}
  const lease = new LeaseKeeper({
    ...{
      host,
      attester,
      job,
      keys,
      grant,
      ttlMs: 600_000,
      graceMs: 600_000,
      onState,
      onAlive: async () => {},
      endedAt: () => null,
    },
  })
  return {
    ...{ host, attester, job, keys, grant, terms, places, lease, startedAt: facts.startedAt, stores: [] },
    elected: { admission, bundle, vote, signatures: [] },
    opened: [{ input: 'model', objectId, manifest, dek: new Secret(new Uint8Array(32)) }],
    events: new Events(host, job),
    onLease: { follow: () => {} },
    resumeKey: null,
    inbound: new Inbound(),
  }
}
