import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectRelay, fetchOver, type HostRelay, hostRelay, serveHttp } from '../node.ts'
import type { Relay } from '../relay/relay.ts'

let folder: string
let host: HostRelay
let guest: Relay
const store = createServer(async (req, res) => {
  if (req.url === '/slow') return
  if (req.url === '/big') {
    res.end(Buffer.alloc(3_000_000, 9))
    return
  }
  if (req.url === '/redirect') {
    res.writeHead(302, { location: 'http://elsewhere/' }).end()
    return
  }
  if (req.url === '/head') {
    res.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end()
    return
  }
  const parts: Uint8Array[] = []
  for await (const part of req) parts.push(part)
  res.writeHead(201, { 'x-method': req.method ?? '', 'x-host': req.headers.host ?? '' })
  res.end(Buffer.concat(parts))
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'channel-'))
  store.listen(join(folder, 'store.sock'))
  host = await hostRelay(join(folder, 'guest.sock'), {
    store: { path: join(folder, 'store.sock') },
    gone: { path: join(folder, 'nobody.sock') },
  })
  const service = serveHttp(async (req) => {
    const url = new URL(req.url)
    if (url.pathname === '/throw') throw new Error('secret detail')
    return new Response(req.body, { status: 200, headers: { 'x-path': url.pathname } })
  })
  guest = await connectRelay(join(folder, 'guest.sock'), {
    onOpen: (name, stream) => (name === 'http' ? service.accept(stream) : stream.reset('refused')),
  })
  await host.connected
})
afterAll(async () => {
  await guest.close()
  expect(await host.closed).toBe(undefined)
  store.close()
  rmSync(folder, { recursive: true })
})

test('fetches from a named destination', async () => {
  const get = fetchOver(guest, 'store')
  const response = await get('http://store.example/a?b=c', { method: 'PUT', body: new Uint8Array(100_000).fill(5) })
  expect(response.status).toBe(201)
  expect(response.headers.get('x-host')).toBe('store.example')
  const body = new Uint8Array(await response.arrayBuffer())
  expect(body.length).toBe(100_000)
  expect((await get('http://store/big').then((r) => r.arrayBuffer())).byteLength).toBe(3_000_000)
})

test('serves requests from outside', async () => {
  await host.expose(join(folder, 'in.sock'))
  const text = await new Promise<string>((resolve, reject) => {
    const out = request({ socketPath: join(folder, 'in.sock'), path: '/hello', method: 'POST' }, async (res) => {
      let all = ''
      for await (const part of res) all += part
      resolve(`${res.statusCode} ${res.headers['x-path']} ${all}`)
    })
    out.on('error', reject)
    out.end('body')
  })
  expect(text).toBe('200 /hello body')
  const over = fetchOver(host, 'http')
  const r = await over('http://x/throw', { method: 'POST', body: 'q' })
  expect(r.status).toBe(500)
  expect(await r.text()).not.toContain('secret')
})
