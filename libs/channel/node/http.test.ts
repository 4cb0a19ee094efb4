import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, request } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorsOf } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { streamOf } from '../ByteSource.ts'
import { connectRelay, fetchOver, type HostRelay, hostRelay, serveHttp } from '../node.ts'
import type { Relay } from '../relay/relay.ts'
import { failsWith } from '../testing/failsWith.ts'

const fail = errorsOf('channel-test', { teapot: ['it is a teapot', 'ask for tea'] })
let folder: string
let host: HostRelay
let guest: Relay
const handlerErrors: unknown[] = []
const aborted = Promise.withResolvers<void>()

/** A destination outside: a plain Node server. */
const store = createHttpServer((req, res) => {
  const routes: { readonly [path: string]: () => void } = {
    '/silent': () => undefined,
    '/stalls': () => res.writeHead(200).write('some'),
    '/breaks': () => res.writeHead(200, { 'content-length': '100' }).write('some', () => res.destroy()),
    '/big': () => res.end(Buffer.alloc(3_000_000, 9)),
    '/redirect': () => res.writeHead(302, { location: 'http://elsewhere/' }).end(),
    '/long-head': () => res.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end(),
    '/empty': () => res.writeHead(204).end(),
    '/early': () => res.writeHead(413).end('enough'),
  }
  const route = routes[(req.url ?? '').split('?')[0] ?? '']
  if (route) return route()
  res.writeHead(201, {
    'x-method': req.method,
    'x-host': req.headers.host,
    'x-url': req.url,
    'x-length': req.headers['content-length'] ?? 'none',
  })
  req.pipe(res)
})
/** A destination that does not speak HTTP. */
const babble = createTcpServer((socket) => socket.end('this is not HTTP\r\n\r\n'))

const service = serveHttp(
  async (req) => {
    switch (new URL(req.url).pathname) {
      case '/throws':
        throw new Error('a secret detail')
      case '/peeks':
        await req.body?.getReader().read()
        await req.body?.cancel().catch(() => undefined)
        throw fail('teapot')
      case '/teapot':
        throw fail('teapot')
      case '/endless':
        req.signal.addEventListener('abort', () => aborted.resolve())
        return new Response(streamOf(endless()))
      default:
        return new Response(req.body, { status: 202, headers: { 'x-method': req.method } })
    }
  },
  { maxBodyBytes: 1_000_000, headTimeoutMs: 3000, onError: (error) => handlerErrors.push(error) },
)

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield new Uint8Array(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'channel-'))
  store.listen(join(folder, 'store.sock'))
  babble.listen(join(folder, 'babble.sock'))
  host = await hostRelay(join(folder, 'guest.sock'), {
    store: { path: join(folder, 'store.sock') },
    babble: () => connect(join(folder, 'babble.sock')),
    gone: { path: join(folder, 'nobody.sock') },
  })
  guest = await connectRelay(join(folder, 'guest.sock'), {
    onOpen: (name, stream) => (name === 'http' ? service.accept(stream) : stream.reset('refused')),
  })
  await host.connected
  await host.expose(join(folder, 'in.sock'))
})

afterAll(async () => {
  await guest.close()
  expect(await host.closed).toBe(undefined)
  store.closeAllConnections()
  store.close()
  babble.close()
  rmSync(folder, { recursive: true })
})

const bytes = new Uint8Array(300_000).map((_, i) => i)

test('fetches from a named destination; the URL does not choose it', async () => {
  const response = await fetchOver(guest, 'store')('http://store.example/a?b=c', { method: 'PUT', body: bytes })
  expect([response.status, response.headers.get('x-host'), response.headers.get('x-url')]).toEqual([
    201,
    'store.example',
    '/a?b=c',
  ])
  expect(response.headers.get('x-length')).toBe('300000')
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
})

test('a path alone will do', async () => {
  const response = await fetchOver(guest, 'store')('/a?b', { headers: { 'x-other': '1' } })
  expect(response.headers.get('x-url')).toBe('/a?b')
  await response.body?.cancel()
})

test('streams a request body of unknown length', async () => {
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: streamOf(bytes), duplex: 'half' }
  const response = await fetchOver(guest, 'store')('/post', init)
  expect(response.headers.get('x-length')).toBe('none')
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
})

test('hands a redirect back and follows none', async () => {
  const response = await fetchOver(guest, 'store')('/redirect')
  expect([response.status, response.headers.get('location')]).toEqual([302, 'http://elsewhere/'])
})

test('knows answers without a body', async () => {
  expect((await fetchOver(guest, 'store')('/empty')).status).toBe(204)
  expect((await fetchOver(guest, 'store')('/big', { method: 'HEAD' })).status).toBe(200)
})

test('takes an answer that comes before the request was read', async () => {
  const response = await fetchOver(guest, 'store')('/early', { method: 'PUT', body: new Uint8Array(8_000_000) })
  expect(response.status).toBe(413)
})

test('bounds the head and the body of an answer', async () => {
  await failsWith('channel/head-too-large', fetchOver(guest, 'store')('/long-head'))
  const small = fetchOver(guest, 'store', { maxBodyBytes: 1_000_000 })
  await failsWith(
    'channel/body-too-large',
    small('/big').then((response) => response.arrayBuffer()),
  )
  expect((await fetchOver(guest, 'store')('/big').then((response) => response.arrayBuffer())).byteLength).toBe(
    3_000_000,
  )
})

test('waits for an answer only so long, and for each of its pieces', async () => {
  const hasty = fetchOver(guest, 'store', { headTimeoutMs: 50, idleTimeoutMs: 50 })
  await failsWith('channel/http-timeout', hasty('/silent'))
  await failsWith(
    'channel/http-timeout',
    hasty('/stalls').then((response) => response.text()),
  )
})

test('an answer that breaks off is not taken for the whole', async () => {
  await failsWith(
    'channel/http-failed',
    fetchOver(guest, 'store')('/breaks').then((response) => response.text()),
  )
  await failsWith('channel/http-failed', fetchOver(guest, 'babble')('/'))
})

test('stops when the caller does', async () => {
  const abort = new AbortController()
  const fetching = fetchOver(guest, 'store')('/silent', { signal: abort.signal })
  abort.abort(new Error('changed my mind'))
  await expect(fetching).rejects.toThrow('changed my mind')
})

test('reaches no destination that was not named, nor one that is down', async () => {
  for (const [name, reason] of [
    ['elsewhere', 'refused'],
    ['constructor', 'refused'],
    ['gone', 'unreachable'],
  ] as const)
    await expect(fetchOver(guest, name)('/')).rejects.toMatchObject({ code: 'channel/open-refused', meta: { reason } })
})

async function fromOutside(method: string, path: string, body = ''): Promise<{ status: number; text: string }> {
  const out = request({ socketPath: join(folder, 'in.sock'), method, path, agent: false })
  out.end(body)
  const [response] = (await once(out, 'response')) as [IncomingMessage]
  let text = ''
  for await (const part of response) text += part
  return { status: response.statusCode ?? 0, text }
}

test('serves requests that the host passes in', async () => {
  expect(await fromOutside('POST', '/echo', 'hello')).toEqual({ status: 202, text: 'hello' })
  const response = await fetchOver(host, 'http')('/echo', { method: 'PUT', body: bytes })
  expect(response.headers.get('x-method')).toBe('PUT')
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
})

test('answers an error of ours with its JSON, and any other with nothing of it', async () => {
  const ours = await fromOutside('GET', '/teapot')
  expect([ours.status, JSON.parse(ours.text)]).toMatchObject([
    400,
    { code: 'channel-test/teapot', hint: 'ask for tea' },
  ])
  const other = await fromOutside('GET', '/throws')
  expect([other.status, JSON.parse(other.text)]).toMatchObject([500, { code: 'channel/handler-failed' }])
  expect(other.text).not.toContain('secret')
  expect(handlerErrors.map(String)).toContain('Error: a secret detail')
})

test('refuses what it cannot serve', async () => {
  const bad = await fromOutside('OPTIONS', '*')
  expect([bad.status, JSON.parse(bad.text)]).toMatchObject([400, { code: 'channel/bad-request' }])
  const big = await fetchOver(host, 'http')('/echo', { method: 'POST', body: new Uint8Array(1_000_001) })
  expect([big.status, await big.json()]).toMatchObject([400, { code: 'channel/body-too-large' }])
})

test('a request that nobody wants to read is answered all the same', async () => {
  const init = { method: 'POST', body: new Uint8Array(900_000) }
  for (const path of ['/teapot', '/peeks']) {
    const response = await fetchOver(host, 'http')(path, init)
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'channel-test/teapot' }])
  }
})

test('a handler hears that its client is gone', async () => {
  const response = await fetchOver(host, 'http')('/endless')
  const reader = response.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await aborted.promise
})

test('a connection that asks nothing is dropped', async () => {
  const idle = connect(join(folder, 'in.sock'))
  idle.resume()
  await once(idle, 'close')
})

test('only the first guest is the guest', async () => {
  await failsWith('channel/no-channel', connectRelay(join(folder, 'guest.sock')))
})

test('a host that closes before its guest came says so to whoever waits', async () => {
  const early = await hostRelay(join(folder, 'early.sock'), {})
  const opening = early.open('http')
  await early.close()
  await failsWith('channel/no-channel', opening)
  expect(await early.closed).toBe(undefined)
  await failsWith('channel/no-channel', hostRelay(join(folder, 'no', 'such', 'folder'), {}))
})
