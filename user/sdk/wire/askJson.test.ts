import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { integer, record } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { askJson, jsonLines } from './askJson.ts'
import { merge } from './merge.ts'

let server: Server
let url = ''
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path === '/refuses')
      response.writeHead(409).end(JSON.stringify({ code: 'provider/busy', message: 'busy', hint: 'wait', meta: {} }))
    else if (path === '/elsewhere') response.writeHead(302, { location: `${url}/fine` }).end()
    else if (path === '/long') response.end(JSON.stringify({ n: 1, pad: 'x'.repeat(5000) }))
    else if (path === '/words') response.end('not json')
    else if (path === '/lines') response.end('{"n":1}\n{"n":2}\n')
    else response.end('{"n":7}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(() => void server.close())

const shape = record({ n: integer() })
const ask = (path: string) => askJson({ fetch }, `${url}${path}`, shape, { maxBytes: 1000 })

test('gives an answer in its shape, and the other side’s refusal by its code', async () => {
  expect(await ask('/fine')).toEqual({ n: 7 })
  await expect(ask('/refuses')).rejects.toMatchObject({ code: 'provider/busy' })
})

test('refuses redirects, floods and words', async () => {
  await expect(ask('/elsewhere')).rejects.toMatchObject({ code: 'sdk/unreachable' })
  await expect(ask('/long')).rejects.toMatchObject({ code: 'sdk/bad-answer' })
  await expect(ask('/words')).rejects.toMatchObject({ code: 'sdk/bad-answer' })
})

test('reads lines as they come, each of them JSON', async () => {
  const read = async (path: string) => {
    const lines: unknown[] = []
    for await (const line of jsonLines(await fetch(url + path))) lines.push(line)
    return lines
  }
  expect(await read('/lines')).toEqual([{ n: 1 }, { n: 2 }])
  await expect(read('/words')).resolves.toEqual([])
  const broken = new Response('{"n":1}\nnot json\n')
  await expect(async () => {
    for await (const _ of jsonLines(broken));
  }).rejects.toMatchObject({ code: 'sdk/bad-answer' })
})

test('merges streams, ends with the last and fails with the first that fails', async () => {
  const options = { idleMs: 1000, onIdle: () => new Error('idle'), isNews: () => true }
  async function* count(to: number) {
    for (let i = 0; i < to; i++) yield i
  }
  async function* broken() {
    yield 0
    throw new Error('broken')
  }
  const all: number[] = []
  for await (const n of merge([count(2), count(3)], options)) all.push(n)
  expect(all.sort()).toEqual([0, 0, 1, 1, 2])
  await expect(async () => {
    for await (const _ of merge([count(1), broken()], options));
  }).rejects.toThrow('broken')
})
