import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, type SealedRequest, sealRequest, streamOf } from '@allod/channel'
import { fromUtf8, type Hex, utf8 } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatewayOptions, type RunningGateway, startGateway } from './startGateway.ts'
import { type AdminReply, adminOf } from './testing/adminOf.ts'
import { type Agent, startAgent } from './testing/startAgent.ts'

const order: Hex = `0x${'ab'.repeat(32)}`
const second: Hex = `0x${'cd'.repeat(32)}`
const odd: Hex = `0x${'ef'.repeat(32)}`
let folder: string
let options: GatewayOptions
let gateway: RunningGateway
let agent: Agent
let other: Agent

/** An upstream that misbehaves. */
const upstream = createServer((req, res) => {
  if (req.url === '/silent') return
  if (req.url === '/headers') {
    res
      .writeHead(200, { 'set-cookie': 'a=b', server: 'x', 'content-type': 'application/json' })
      .end(JSON.stringify(req.headers))
    return
  }
  if (req.url === '/breaks') {
    res.writeHead(200).write('some', () => res.destroy())
    return
  }
  req.resume()
  res.end('x'.repeat(100_000))
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  options = {
    port: 0,
    tlsPort: null,
    host: '127.0.0.1',
    admin: join(folder, 'admin.sock'),
    state: join(folder, 'routes.json'),
    domain: 'allod.localhost',
    limits: { requestBytes: 50_000, activePerRoute: 3 },
  }
  gateway = await startGateway(options)
  agent = await startAgent(folder, 'agent', order)
  other = await startAgent(folder, 'other', second)
  upstream.listen(join(folder, 'odd.sock'))
  await once(upstream, 'listening')
  await admin('PUT', `/routes/${order}/1`, { target: agent.socket })
  await admin('PUT', `/routes/${second}/1`, { target: other.socket })
  await admin('PUT', `/routes/${odd}/1`, { target: join(folder, 'odd.sock') })
})

afterAll(async () => {
  await gateway.stop()
  await agent.stop()
  await other.stop()
  upstream.closeAllConnections()
  upstream.close()
  rmSync(folder, { recursive: true })
})

const admin = (method: string, path: string, body?: unknown): Promise<AdminReply> =>
  adminOf(options.admin, method, path, body)
const url = (path: string, to: string = order): string => `http://127.0.0.1:${gateway.port}/o/${to}${path}`
const ask = (to: Agent, text: string): Promise<SealedRequest> =>
  sealRequest({ ...to.key, serviceKey: to.key.publicKey }, { method: 'POST', path: '/v1/chat', body: utf8(text) })

async function codeOf(response: Response): Promise<unknown[]> {
  const { code } = (await response.json()) as { code: string }
  return [response.status, code]
}

test('carries a sealed request to its enclave and the tokens back', async () => {
  const sealed = await ask(agent, 'hello there world')
  const response = await fetch(url('/sealed'), { method: 'POST', body: await collect(sealed.body, 1e6) })
  expect([response.headers.get('allod-order'), response.headers.get('allod-generation')]).toEqual([order, '1'])
  const { body } = await sealed.openResponse(response.body ?? new Uint8Array())
  expect(fromUtf8(await collect(body, 1000))).toBe('hello there world ')
})

test('streams both ways at once where the client can', async () => {
  const sealed = await ask(agent, 'a stream')
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: streamOf(sealed.body), duplex: 'half' }
  const response = await fetch(url('/sealed'), init)
  const { body } = await sealed.openResponse(response.body ?? new Uint8Array())
  expect(fromUtf8(await collect(body, 1000))).toBe('a stream ')
})

test('passes evidence through, with its nonce', async () => {
  const response = await fetch(url('/evidence?nonce=0x1234'))
  expect(await response.json()).toEqual({ name: 'agent', nonce: '0x1234' })
})

test('an order id may be written without 0x', async () => {
  expect((await fetch(url('/evidence', order.slice(2)))).status).toBe(200)
})

test('carries no cookie, credential or other field, in either direction', async () => {
  const headers = {
    cookie: 'c=d',
    authorization: 'Bearer secret',
    'x-forwarded-for': 'me',
    'content-type': 'text/plain',
    'user-agent': 'spy',
  }
  const response = await fetch(url('/headers', odd), { headers })
  expect(Object.keys((await response.json()) as object).sort()).toEqual([
    'accept',
    'connection',
    'content-type',
    'host',
  ])
  expect([response.headers.get('set-cookie'), response.headers.get('server')]).toEqual([null, null])
})

test('lets any page ask, and says what it may send and read', async () => {
  const preflight = await fetch(url('/sealed'), { method: 'OPTIONS' })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-headers')).toContain('allod-generation')
  const response = await fetch(url('/evidence'))
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-expose-headers')).toContain('allod-order')
})

test('the newest generation answers unless another is asked for', async () => {
  await admin('PUT', `/routes/${order}/2`, { target: other.socket })
  const name = async (path: string, headers: Record<string, string> = {}): Promise<unknown> =>
    ((await (await fetch(url(path), { headers })).json()) as { name: string }).name
  expect(await name('/evidence')).toBe('other')
  expect(await name('/evidence?generation=1')).toBe('agent')
  expect(await name('/evidence', { 'allod-generation': '1' })).toBe('agent')
  expect(await codeOf(await fetch(url('/evidence?generation=7')))).toEqual([404, 'gateway/unknown-order'])
  await admin('DELETE', `/routes/${order}/2`)
})

/** Requests that the upstream keeps waiting, until they are let go and are gone from the gateway. */
async function holdBusy(count: number): Promise<() => Promise<void>> {
  const abort = new AbortController()
  const gone: Promise<unknown>[] = []
  for (let i = 0; i < count; i++) {
    gone.push(fetch(url('/silent', odd), { signal: abort.signal }).catch(() => 'gone'))
    const [request] = (await once(upstream, 'request')) as [IncomingMessage]
    gone.push(once(request.socket, 'close'))
  }
  return async () => {
    abort.abort()
    await Promise.all(gone)
  }
}

test('of several orders of an agent, the least busy answers and says which it is', async () => {
  const letGo = await holdBusy(1)
  const response = await fetch(url('/evidence', `${odd}+${second}`))
  expect(response.headers.get('allod-order')).toBe(second)
  await letGo()
})

test('says by a code what it does not serve', async () => {
  const base = `http://127.0.0.1:${gateway.port}`
  for (const path of [
    '/',
    '/o/',
    '/o/0x12/evidence',
    `/o/${order.toUpperCase()}/`,
    `/x/${order}/`,
    `/o/${new Array(9).fill(order).join('+')}/`,
  ])
    expect(await codeOf(await fetch(base + path)), path).toEqual([404, 'gateway/unknown-path'])
  expect(await codeOf(await fetch(url('/evidence?generation=x')))).toEqual([404, 'gateway/unknown-path'])
  expect(await codeOf(await fetch(url('/', `0x${'00'.repeat(32)}`)))).toEqual([404, 'gateway/unknown-order'])
  expect(await codeOf(await fetch(url('/'), { method: 'DELETE' }))).toEqual([405, 'gateway/method-not-allowed'])
})

test('bounds bodies, whether their length is said or not', async () => {
  const body = new Uint8Array(60_000)
  expect(await codeOf(await fetch(url('/any', odd), { method: 'POST', body }))).toEqual([413, 'gateway/body-too-large'])
  const unsaid = streamOf(new Uint8Array(500_000))
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: unsaid, duplex: 'half' }
  expect(await codeOf(await fetch(url('/silent', odd), init))).toEqual([413, 'gateway/body-too-large'])
})

test('waits for an enclave only so long', async () => {
  const limits = { headMs: 50 }
  const hasty = await startGateway({ ...options, admin: join(folder, 'hasty.sock'), limits })
  expect(await codeOf(await fetch(`http://127.0.0.1:${hasty.port}/o/${odd}/silent`))).toEqual([504, 'gateway/timeout'])
  await hasty.stop()
})

test('an enclave that is down is unreachable', async () => {
  await admin('PUT', `/routes/${odd}/9`, { target: join(folder, 'nobody.sock') })
  expect(await codeOf(await fetch(url('/any', odd)))).toEqual([502, 'gateway/unreachable'])
  await admin('DELETE', `/routes/${odd}/9`)
})

test('an answer that breaks off is broken off', async () => {
  await expect(fetch(url('/breaks', odd)).then((response) => response.text())).rejects.toThrow()
})

test('more than a route carries is told to come back', async () => {
  const letGo = await holdBusy(3)
  const refused = await fetch(url('/any', odd))
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await codeOf(refused)).toEqual([503, 'gateway/busy'])
  await letGo()
  expect((await fetch(url('/any', odd))).status).toBe(200)
})

test('a client that goes away takes its upstream request with it', async () => {
  const letGo = await holdBusy(1)
  await letGo()
})

test('refuses routes that are not routes', async () => {
  const put = async (path: string, body: unknown): Promise<unknown[]> => {
    const { status, value } = await admin('PUT', path, body)
    return [status, (value as { code: string }).code]
  }
  const path = `/routes/${odd}/3`
  for (const body of [
    {},
    { target: 'relative/path' },
    { target: 'host' },
    { target: '/a b' },
    { target: '/a', more: 1 },
    [],
    '{',
    'null',
  ])
    expect(await put(path, body)).toEqual([400, 'gateway/bad-route'])
  expect(await put(`/routes/${odd}/4294967296`, { target: '/a' })).toEqual([400, 'gateway/bad-route'])
  expect(await put('/routes/0x12/3', { target: '/a' })).toEqual([404, 'gateway/unknown-path'])
  expect(await put(path, { target: `/${'a'.repeat(5000)}` })).toEqual([413, 'gateway/body-too-large'])
  expect((await admin('POST', path)).value).toMatchObject({ code: 'gateway/method-not-allowed' })
  expect((await admin('DELETE', path)).value).toMatchObject({ code: 'gateway/unknown-order' })
})

test('only its owner may open the admin socket', () => {
  expect(statSync(options.admin).mode & 0o777).toBe(0o600)
})

test('a gateway started again knows its routes; a broken file is ignored and told', async () => {
  const errors: unknown[] = []
  const again = (admin: string): Promise<RunningGateway> =>
    startGateway({ ...options, admin: join(folder, admin), log: (error) => errors.push(error) })
  const known = await again('again.sock')
  expect((await fetch(`http://127.0.0.1:${known.port}/o/${order}/evidence`)).status).toBe(200)
  await known.stop()
  const saved = readFileSync(join(folder, 'routes.json'))
  writeFileSync(join(folder, 'routes.json'), '{"version":1,"routes":[{}]}')
  const empty = await again('empty.sock')
  expect((await adminOf(join(folder, 'empty.sock'), 'GET', '/routes')).value).toEqual({ routes: [] })
  expect(errors).toMatchObject([{ code: 'gateway/bad-state' }])
  await empty.stop()
  writeFileSync(join(folder, 'routes.json'), saved)
})

test('stopping lets what is under way finish, and then takes no more', async () => {
  const limits = { headMs: 2000 }
  const stopping = await startGateway({ ...options, admin: join(folder, 'stopping.sock'), state: null, limits })
  await adminOf(join(folder, 'stopping.sock'), 'PUT', `/routes/${odd}/1`, { target: join(folder, 'odd.sock') })
  const under = fetch(`http://127.0.0.1:${stopping.port}/o/${odd}/silent`)
  await once(upstream, 'request')
  const stopped = stopping.stop()
  expect((await under).status).toBe(504)
  await stopped
  const [error] = (await once(connect(stopping.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNREFUSED')
})
