import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromUtf8, utf8 } from '@allod/protocol'
import { afterAll, expect, test } from 'vitest'
import { callEngine } from './callEngine.ts'

const folder = mkdtempSync(join(tmpdir(), 'allod-engine-call-'))
const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

async function engine(answer: RequestListener): Promise<string> {
  const path = join(folder, `${servers.length}.sock`)
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

const call = { method: 'POST', path: '/v1/completions', body: utf8('{}'), signal: new AbortController().signal }
const silent = expect.objectContaining({ code: 'runtime/engine-silent' })

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  let read = ''
  for await (const piece of body) read += fromUtf8(piece)
  return read
}

test('gives what the engine answers, as long as something comes', async () => {
  const path = await engine((_, response) => {
    const [last, ...pieces] = ['d', 'a', 'b', 'c']
    const timer = setInterval(() => {
      const piece = pieces.shift()
      if (piece !== undefined) return void response.write(piece)
      clearInterval(timer)
      response.end(last)
    }, 100)
  })
  const { status, body } = await callEngine(path, { ...call, idleMs: 2000 })
  expect([status, await text(body)]).toEqual([200, 'abcd'])
})

test('an engine that does not answer is runtime/engine-silent', async () => {
  const path = await engine(() => {})
  await expect(callEngine(path, { ...call, idleMs: 200 })).rejects.toThrow(silent)
})

test('an engine that stops in the middle of its answer is runtime/engine-silent', async () => {
  const path = await engine((_, response) => void response.write('half'))
  const { body } = await callEngine(path, { ...call, idleMs: 200 })
  await expect(text(body)).rejects.toThrow(silent)
})
