import { type StandIn, startProxy, type Through } from './proxy.ts'

/** What changes the world outside a device: bytes that go to a store, a transaction. */
export type Effect = 'put' | 'transaction'

/** The moment of a kill: before the n-th effect reaches anybody, or once it has and before that is heard. */
export type Moment = { readonly effect: Effect; readonly number: number; readonly when: 'before' | 'after' }

/** Stands between one device and chain and stores. */
export type Gate = {
  /** The URL to use instead of one of the network's own. */
  readonly instead: (url: string) => string
  /** Does something at a moment, once, and cuts the line; gives a way to ask whether that moment came. */
  readonly at: (moment: Moment, act: () => Promise<unknown>) => () => boolean
  readonly stop: () => Promise<void>
}

const effectOf = (method: string, body: Buffer): Effect | null =>
  method === 'PUT' ? 'put' : method === 'POST' && body.includes('"eth_sendRawTransaction"') ? 'transaction' : null

/** @param urls base URLs of what is behind it */
export async function startGate(urls: readonly string[]): Promise<Gate> {
  let trap: { readonly moment: Moment; readonly act: () => Promise<unknown>; seen: number } | null = null
  const through: Through = async ({ method, body }, forward) => {
    const effect = effectOf(method, body)
    const set = trap
    if (effect === null || set === null || effect !== set.moment.effect) return forward()
    set.seen++
    if (set.seen !== set.moment.number) return forward()
    trap = null
    if (set.moment.when === 'after') await forward()
    await set.act()
    return null
  }
  const proxies = new Map<string, StandIn>()
  for (const url of new Set(urls)) proxies.set(url, await startProxy(url, through))
  return {
    instead: (url) => proxies.get(url)?.url ?? url,
    at(moment, act) {
      const mine = { moment, act, seen: 0 }
      trap = mine
      return () => trap !== mine
    },
    async stop() {
      for (const proxy of proxies.values()) await proxy.stop()
    },
  }
}
