import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  collect,
  createServiceKey,
  openRequest,
  ReplaySet,
  SEALED_RESPONSE_TYPE,
  type ServiceKey,
  sealRequest,
  streamOf,
} from '@allod/channel'
import { connectRelay, hostRelay, serveHttp } from '@allod/channel/node'
import { fromUtf8, type Hex, utf8 } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningGateway, startGateway } from './startGateway.ts'

const order: Hex = `0x${'ab'.repeat(32)}`
const bundleHash: Hex = `0x${'cd'.repeat(32)}`
let folder: string
let gateway: RunningGateway
let key: ServiceKey
const undo: (() => unknown)[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  key = { ...(await createServiceKey()), orderId: order, bundleHash, replays: new ReplaySet() }
  gateway = await startGateway({
    port: 0,
    tlsPort: 0,
    host: '127.0.0.1',
    admin: join(folder, 'admin.sock'),
    state: join(folder, 'routes.json'),
    domain: 'allod.localhost',
  })
  const host = await hostRelay(join(folder, 'guest.sock'), {})
  await host.expose(join(folder, 'http.sock'))
  const service = serveHttp(async (req) => {
    if (new URL(req.url).pathname === '/evidence')
      return Response.json({ nonce: new URL(req.url).searchParams.get('nonce') })
    const opened = await openRequest([key], req.body as ReadableStream<Uint8Array>)
    const body = await collect(opened.body, 1000)
    async function* tokens() {
      for (const token of ['you', ' said ', fromUtf8(body)]) yield utf8(token)
    }
    const sealed = opened.sealResponse({ status: 200, headers: [] }, tokens())
    return new Response(streamOf(sealed), { headers: { 'content-type': SEALED_RESPONSE_TYPE } })
  })
  const guest = await connectRelay(join(folder, 'guest.sock'), { onOpen: (_, stream) => service.accept(stream) })
  undo.push(
    () => guest.close(),
    () => gateway.stop(),
    () => rmSync(folder, { recursive: true }),
  )
})
afterAll(async () => {
  for (const f of undo) await f()
})

async function admin(method: string, path: string, body?: unknown): Promise<{ status: number; value: unknown }> {
  return new Promise((resolve, reject) => {
    const out = request({ socketPath: join(folder, 'admin.sock'), method, path }, async (res) => {
      let text = ''
      for await (const part of res) text += part
      resolve({ status: res.statusCode ?? 0, value: JSON.parse(text) })
    })
    out.on('error', reject)
    out.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

test('carries a sealed request to the enclave and its answer back', async () => {
  expect(await admin('PUT', `/routes/${order}/1`, { target: join(folder, 'http.sock') })).toMatchObject({ status: 200 })
  const base = `http://127.0.0.1:${gateway.port}/o/${order}`
  expect(await (await fetch(`${base}/evidence?nonce=0x12`)).json()).toEqual({ nonce: '0x12' })
  const sealed = await sealRequest(
    { ...key, serviceKey: key.publicKey },
    { method: 'POST', path: '/', body: utf8('hello') },
  )
  const response = await fetch(base, { method: 'POST', body: await collect(sealed.body, 1e6) })
  expect(response.headers.get('allod-generation')).toBe('1')
  const answer = await sealed.openResponse(response.body as ReadableStream<Uint8Array>)
  expect(fromUtf8(await collect(answer.body, 100))).toBe('you said hello')
})
