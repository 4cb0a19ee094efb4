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

const stateShape = record({ version: integer(1, 1), routes: list(routeShape, MAX_ROUTES) })

/** A route in use; `active` counts what is under way on it. */
export type LiveRoute = Route & { active: number }

/**
 * The enclaves a gateway knows, by order and generation. Kept in a small file too, so that a restart does not wait for
 * providers to register again.
 */
export class RouteTable {
  readonly #routes = new Map<Hex, Map<number, LiveRoute>>()
  readonly #path: string | null
  #count = 0

  constructor(path: string | null) {
    this.#path = path
  }

  /** Reads the file, if there is one. @throws gateway/bad-state; the table is empty then, and usable */
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
      this.#count = 0
      throw fail('bad-state', { cause, meta: { path: this.#path } })
    }
  }

  /** @throws gateway/bad-route */
  put(value: unknown): void {
    let route: Route
    try {
      route = routeShape(value)
    } catch (cause) {
      throw fail('bad-route', { cause, actual: cause instanceof Error && 'meta' in cause ? cause.meta : null })
    }
    if (this.#count >= MAX_ROUTES) throw fail('bad-route', { expected: `at most ${MAX_ROUTES} routes` })
    this.#set(route)
    this.#save()
  }

  /** False where there was none. */
  remove(order: Hex, generation: number): boolean {
    const generations = this.#routes.get(order)
    if (!generations?.delete(generation)) return false
    this.#count -= 1
    if (generations.size === 0) this.#routes.delete(order)
    this.#save()
    return true
  }

  /** The route of one generation, or of the newest one. Among several orders, the least busy. */
  find(orders: readonly Hex[], generation: number | null): LiveRoute | null {
    let best: LiveRoute | null = null
    for (const order of orders) {
      const generations = this.#routes.get(order)
      const route = generations?.get(generation ?? Math.max(...generations.keys()))
      if (route !== undefined && (best === null || route.active < best.active)) best = route
    }
    return best
  }

  list(): Route[] {
    return [...this.#routes.values()].flatMap((generations) =>
      [...generations.values()].map(({ active: _, ...route }) => route),
    )
  }

  #set(route: Route): void {
    const generations = this.#routes.get(route.order) ?? new Map<number, LiveRoute>()
    const old = generations.get(route.generation)
    if (old === undefined) this.#count += 1
    // Registered again as it was: what is under way on it still counts.
    if (old?.target === route.target && old.tlsTarget === route.tlsTarget) return
    generations.set(route.generation, { ...route, active: 0 })
    this.#routes.set(route.order, generations)
  }

  #save(): void {
    if (this.#path === null) return
    // Written beside and renamed: a crash leaves the old file or the new one.
    writeFileSync(`${this.#path}.new`, JSON.stringify({ version: 1, routes: this.list() }), { mode: 0o600 })
    renameSync(`${this.#path}.new`, this.#path)
  }
}

/** What `net.connect` and `http.request` take for a target. */
export function addressOf(target: string): { path: string } | { host: string; port: number } {
  if (target.startsWith('/')) return { path: target }
  const colon = target.lastIndexOf(':')
  return { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) }
}
