import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Route, RouteTable } from './RouteTable.ts'

const MINUTES = 60_000

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-routes-'))
  path = join(folder, 'routes.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const id = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const route = (n: number, change: Partial<Route> = {}): Route => ({
  order: id(n),
  generation: 1,
  target: '/run/agent.sock',
  tlsTarget: null,
  ...change,
})

/** A table on a clock that the test sets. */
function open(file: string | null = null) {
  const clock = { ms: 0 }
  const table = new RouteTable(file, { now: () => clock.ms })
  table.load()
  return { table, clock, orders: () => table.list().map(({ order }) => order) }
}

test('a route that is put again stays; one that is not is forgotten after five minutes', () => {
  const { table, clock, orders } = open()
  table.put(route(1))
  table.put(route(2))
  clock.ms = 4 * MINUTES
  table.put(route(1))
  clock.ms = 5 * MINUTES
  expect(table.find([id(2)], null)).toMatchObject({ order: id(2) })
  clock.ms = 5 * MINUTES + 1
  expect(table.find([id(2)], null)).toBeNull()
  expect(orders()).toEqual([id(1)])
  clock.ms = 9 * MINUTES
  expect(orders()).toEqual([id(1)])
  clock.ms = 9 * MINUTES + 1
  expect(orders()).toEqual([])
})

test('an older generation answers again once the newer one is forgotten', () => {
  const { table, clock } = open()
  table.put(route(1, { generation: 2 }))
  clock.ms = 1
  table.put(route(1))
  clock.ms = 5 * MINUTES + 1
  expect(table.find([id(1)], null)).toMatchObject({ generation: 1 })
})

test('what is under way on a route still counts when it is put again', () => {
  const { table } = open()
  table.put(route(1))
  const live = table.find([id(1)], null)
  if (live) live.active = 3
  table.put(route(1))
  expect(table.find([id(1)], null)).toBe(live)
  table.put(route(1, { target: '/run/other.sock' }))
  expect(table.find([id(1)], null)).toMatchObject({ active: 0, target: '/run/other.sock' })
})

test('a full table takes routes that it has, and others as soon as one is forgotten', () => {
  const { table, clock, orders } = open()
  for (let n = 0; n < 10_000; n++) table.put(route(n))
  table.put(route(5))
  expect(() => table.put(route(10_000))).toThrow(expect.objectContaining({ code: 'gateway/bad-route' }))
  expect(() => table.put(route(5, { generation: 2 }))).toThrow(expect.objectContaining({ code: 'gateway/bad-route' }))
  clock.ms = 1
  table.put(route(5))
  clock.ms = 5 * MINUTES + 1
  table.put(route(10_000))
  expect(orders()).toEqual([id(5), id(10_000)])
})

test('the file is written when something changed, and only then', () => {
  const { table, clock } = open(path)
  const saved = () => (JSON.parse(readFileSync(path, 'utf8')) as { routes: Route[] }).routes
  table.put(route(1))
  expect(saved()).toEqual([route(1)])
  rmSync(path)
  table.put(route(1))
  expect(existsSync(path)).toBe(false)
  table.put(route(1, { tlsTarget: '/run/tls.sock' }))
  expect(saved()).toEqual([route(1, { tlsTarget: '/run/tls.sock' })])
  clock.ms = 6 * MINUTES
  table.put(route(2))
  expect(saved()).toEqual([route(2)])
  table.remove(id(2), 1)
  expect(saved()).toEqual([])
})

test('a gateway started again gives every route the whole time to be put again', () => {
  open(path).table.put(route(1))
  const { clock, orders } = open(path)
  clock.ms = 5 * MINUTES
  expect(orders()).toEqual([id(1)])
  clock.ms = 5 * MINUTES + 1
  expect(orders()).toEqual([])
})
