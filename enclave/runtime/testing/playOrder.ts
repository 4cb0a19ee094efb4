import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@allod/content/stores'
import { type BeatRequest, beatRequestShape, type Challenge, type GuestEvent, guestEventsShape } from '@allod/protocol'
import { Inbound } from '../Inbound.ts'
import { makePlaces } from '../places.ts'
import { runOrder } from '../runOrder.ts'
import { attester, type Draft, newOrder, STARTED_AT, type TestOrder } from './newOrder.ts'
import { type Play, playKeepers, type Told } from './playKeepers.ts'

/** What a test plays of an order beside its enclave. */
export type OrderPlay = {
  readonly draft: Draft
  readonly plays?: readonly Play[]
  /** The order's stores, as the enclave finds them. */
  readonly store?: (store: Store) => Store
  /** What the provider does differently; `say` reaches the enclave as the host's own word, `visit` as a client. */
  readonly provider?: (
    path: string,
    body: unknown,
    say: (path: string, body: unknown) => Promise<Response>,
    visit: (path: string) => Promise<Response>,
  ) => unknown
}

/** How an order went. */
export type Played = {
  /** Under which code it failed, or `ok`. */
  readonly outcome: string
  readonly told: readonly Told[]
  readonly phases: readonly string[]
  /** What the provider was asked to take, accepted or not. */
  readonly beats: readonly BeatRequest['alive'][]
  /** The order as the test made it, with the owner's key to the model. */
  readonly order: TestOrder
}

/** Keepers whose clocks go with this machine's, from the tests' start on. */
export function inTime(): Pick<Play, 'challenge'> {
  const from = performance.now()
  const now = () => STARTED_AT + Math.ceil((performance.now() - from) / 1000)
  return { challenge: (c: Challenge) => ({ ...c, time: now(), expires: now() + 120 }) }
}

/** Runs a whole order, with a real engine that no sandbox holds, against a host that the test plays. */
export async function playOrder({
  draft,
  plays = [],
  store = (s) => s,
  provider = () => undefined,
}: OrderPlay): Promise<Played> {
  const made = await newOrder({ model: 'folder', ...draft })
  const order = { ...made, stores: made.stores.map(store) }
  const base = mkdtempSync(join(tmpdir(), 'allod-order-'))
  const inbound = new Inbound()
  const say = (path: string, body: unknown) =>
    inbound.fromHost(new Request(`http://enclave${path}`, { method: 'POST', body: JSON.stringify(body) }))
  const visit = (path: string) => inbound.fromClient(new Request(`http://enclave${path}`))
  const { host, told } = playKeepers(order, plays, (path, body) => provider(path, body, say, visit))
  try {
    const outcome = await runOrder(host, attester, makePlaces(base), inbound).then(
      () => 'ok',
      (error: { readonly code?: string }) => error.code ?? String(error),
    )
    const of = (path: string) => told.filter((t) => t.path === path).map((t) => t.body)
    return {
      outcome,
      order: made,
      told,
      phases: of('/events').flatMap((e) => phasesOf(e)),
      beats: of('/beat').map((b) => beatRequestShape(b).alive),
    }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}

/** The phases in a batch of events. */
export const phasesOf = (body: unknown): readonly string[] =>
  guestEventsShape(body).flatMap((e: GuestEvent) => (e.phase === null ? [] : [e.phase]))
