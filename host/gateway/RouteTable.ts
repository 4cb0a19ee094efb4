import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type Hex, hex, integer, list, nullable, record, type Shaped, text } from '@allod/protocol'
import { fail } from './errors.ts'

/** A unix socket's absolute path, or host:port. */
const TARGET = /^(?:\/[\x21-\x7e]{1,106}|[A-Za-z0-9.-]{1,253}:[1-9][0-9]{0,4})$/

const routeShape = record({
  order: hex(32),
  generation: integer(0, 0xffffffff),
  /** Where the enclave's HTTP is reached. */
  target: text(300, TARGET),
  /** Where its TLS is reached; null where it offers none. */
  tlsTarget: nullable(text(300, TARGET)),
})
export type Route = Shaped<typeof routeShape>

const MAX_ROUTES = 10_000

/**
 * How long a route stays that its provider does not put again. Providers do so every 15 seconds: twenty times in a row it was
 * not there to do it, so its enclaves are most likely gone with it. A provider that starts anew meanwhile has lost nothing.
 */
const KEPT_MS = 300_000

const stateShape = record({ version: integer(1, 1), routes: list(routeShape, MAX_ROUTES) })

/** A route in use; `active` counts what is under way on it. */
export type LiveRoute = Route & { active: number }

/**
 * The enclaves a gateway knows, by order and generation. Kept in a small file too, so that a restart does not wait for
 * providers to register again.
 */
export class RouteTable {
  readonly #routes = new Map<Hex, Map<number, LiveRoute>>()
  /** When each was put last, the longest ago first. */
  readonly #putAt = new Map<LiveRoute, number>()
  readonly #path: string | null
  readonly #now: () => number
  #isSaved = true

  /** @param options.now milliseconds of a clock that nobody sets */
  constructor(path: string | null, { now = () => performance.now() }: { readonly now?: () => number } = {}) {
    this.#path = path
    this.#now = now
  }

  /**
   * Reads the file, if there is one. Its routes count as put now: their providers get the whole time to put them again.
   * @throws gateway/bad-state; the table is empty then, and usable
   */
  load(): void {
    if (this.#path === null) return
    let content: string
    try {
      content = readFileSync(this.#path, 'utf8')
    } catch {
      return
    }
    try {
      for (const route of stateShape(JSON.parse(content)).routes) this.#set(route)
    } catch (cause) {
      this.#routes.clear()
      this.#putAt.clear()
      throw fail('bad-state', { cause, meta: { path: this.#path } })
    }
    this.#isSaved = true
  }

  /** @throws gateway/bad-route */
  put(value: unknown): void {
    let route: Route
    try {
      route = routeShape(value)
    } catch (cause) {
      throw fail('bad-route', { cause, actual: cause instanceof Error && 'meta' in cause ? cause.meta : null })
    }
    this.#forget()
    if (this.#putAt.size >= MAX_ROUTES && !this.#routes.get(route.order)?.has(route.generation))
      throw fail('bad-route', { expected: `at most ${MAX_ROUTES} routes` })
    this.#set(route)
    this.#save()
  }

  /** False where there was none. */
  remove(order: Hex, generation: number): boolean {
    const route = this.#routes.get(order)?.get(generation)
    if (route === undefined) return false
    this.#drop(route)
    this.#save()
    return true
  }

  /** The route of one generation, or of the newest one. Among several orders, the least busy. */
  find(orders: readonly Hex[], generation: number | null): LiveRoute | null {
    this.#forget()
    let best: LiveRoute | null = null
    for (const order of orders) {
      const generations = this.#routes.get(order)
      const route = generations?.get(generation ?? Math.max(...generations.keys()))
      if (route !== undefined && (best === null || route.active < best.active)) best = route
    }
    return best
  }

  list(): Route[] {
    this.#forget()
    return [...this.#routes.values()].flatMap((generations) =>
      [...generations.values()].map(({ active: _, ...route }) => route),
    )
  }

  #set(route: Route): void {
    const generations = this.#routes.get(route.order) ?? new Map<number, LiveRoute>()
    const old = generations.get(route.generation)
    // Put again as it was: what is under way on it still counts.
    const isSame = old?.target === route.target && old.tlsTarget === route.tlsTarget
    const live = old !== undefined && isSame ? old : { ...route, active: 0 }
    if (old !== undefined) this.#putAt.delete(old)
    this.#putAt.set(live, this.#now())
    if (live === old) return
    generations.set(route.generation, live)
    this.#routes.set(route.order, generations)
    this.#isSaved = false
  }

  /** Drops what was not put again. What is under way on it may finish. */
  #forget(): void {
    const since = this.#now() - KEPT_MS
    for (const [route, at] of this.#putAt) {
      if (at >= since) return
      this.#drop(route)
    }
  }

  #drop(route: LiveRoute): void {
    this.#putAt.delete(route)
    const generations = this.#routes.get(route.order)
    generations?.delete(route.generation)
    if (generations?.size === 0) this.#routes.delete(route.order)
    this.#isSaved = false
  }

  /** Writes the file where it does not say what the table says: not for a route that was put again as it was. */
  #save(): void {
    if (this.#path === null || this.#isSaved) return
    // Written beside and renamed: a crash leaves the old file or the new one.
    writeFileSync(`${this.#path}.new`, JSON.stringify({ version: 1, routes: this.list() }), { mode: 0o600 })
    renameSync(`${this.#path}.new`, this.#path)
    this.#isSaved = true
  }
}

/** What `net.connect` and `http.request` take for a target. */
export function addressOf(target: string): { path: string } | { host: string; port: number } {
  if (target.startsWith('/')) return { path: target }
  const colon = target.lastIndexOf(':')
  return { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }
}
