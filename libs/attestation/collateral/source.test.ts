import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8 } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bundleSource, recordingSource } from './bundle.ts'
import { cachedSource } from './cachedSource.ts'
import { httpSource } from './source.ts'

type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body: Uint8Array | string }

let base: string
let answer: (path: string, body: Buffer) => Answer
let asked: string[]
let stop: () => Promise<unknown>
let folder: string
beforeEach(async () => {
  asked = []
  answer = () => ({ status: 200, body: 'ok' })
  folder = mkdtempSync(join(tmpdir(), 'allod-collateral-'))
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    asked.push(`${request.method} ${request.url}`)
    const { status, headers, body } = answer(request.url ?? '', Buffer.concat(pieces))
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = () => new Promise((resolve) => server.close(resolve))
})
afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

test('brings bytes and the headers that carry certificates, and posts a request’s body', async () => {
  answer = (_, body) => ({
    status: 200,
    headers: { 'TCB-Info-Issuer-Chain': '-----BEGIN', 'X-Other': 'no' },
    body: body.length === 0 ? 'got' : `posted ${body.length}`,
  })
  const got = await httpSource()({ url: `${base}/a` })
  expect(got).toEqual({ bytes: utf8('got'), headers: { 'tcb-info-issuer-chain': '-----BEGIN' }, ageSeconds: 0 })
  const posted = await httpSource()({ url: `${base}/b`, body: new Uint8Array(3) })
  expect(posted.bytes).toEqual(utf8('posted 3'))
  expect(asked).toEqual(['GET /a', 'POST /b'])
})

test('says how a service refused, and follows no redirect', async () => {
  answer = () => ({ status: 404, body: '' })
  await expect(httpSource()({ url: base })).rejects.toMatchObject({ code: 'collateral/refused', meta: { actual: 404 } })
  answer = () => ({ status: 302, headers: { location: '/elsewhere' }, body: '' })
  await expect(httpSource()({ url: base })).rejects.toMatchObject({ code: 'collateral/unreachable' })
})

test('stops reading what grows beyond its kind', async () => {
  answer = () => ({ status: 200, body: new Uint8Array((4 << 20) + 1) })
  await expect(httpSource()({ url: base })).rejects.toMatchObject({ code: 'collateral/too-large' })
})

test('asks once within the age, again after it, and serves an old answer when nobody answers', async () => {
  let now = 1000
  const source = cachedSource(folder, httpSource(), { now: () => now, maxAgeSeconds: 60 })
  const url = `${base}/crl`
  expect((await source({ url })).ageSeconds).toBe(0)
  now += 59
  expect((await source({ url })).ageSeconds).toBe(59)
  expect(asked.length).toBe(1)
  now += 1
  expect((await source({ url })).ageSeconds).toBe(0)
  expect(asked.length).toBe(2)
  now += 100
  await stop()
  expect(await source({ url })).toMatchObject({ bytes: utf8('ok'), ageSeconds: 100 })
  await expect(source({ url: `${base}/new` })).rejects.toMatchObject({ code: 'collateral/unreachable' })
})

test('asks again where a kept answer is torn, or from the future', async () => {
  const source = cachedSource(folder, httpSource(), { now: () => 1000 })
  await source({ url: base })
  const [file] = readdirSync(folder)
  writeFileSync(join(folder, file ?? ''), '{')
  await source({ url: base })
  await cachedSource(folder, httpSource(), { now: () => 10 })({ url: base })
  expect(asked.length).toBe(3)
})

test('an answer that cannot be kept is an answer', async () => {
  const file = join(folder, 'no folder')
  writeFileSync(file, '')
  const source = cachedSource(file, httpSource(), { now: () => 1000 })
  for (const url of [base, base]) expect(await source({ url })).toMatchObject({ bytes: utf8('ok'), ageSeconds: 0 })
  expect(asked.length).toBe(2)
})

test('a refusal is passed on, whatever was kept', async () => {
  let now = 0
  const source = cachedSource(folder, httpSource(), { now: () => now, maxAgeSeconds: 1 })
  await source({ url: base })
  now = 10
  answer = () => ({ status: 410, body: '' })
  await expect(source({ url: base })).rejects.toMatchObject({ code: 'collateral/refused' })
})

test('an offline bundle answers what was recorded, with its age, and nothing else', async () => {
  const recording = recordingSource(httpSource(), 1000)
  await recording.source({ url: `${base}/a` })
  await recording.source({ url: `${base}/ocsp`, body: new Uint8Array([1]) })
  const source = bundleSource(recording.bundle(), 1500)
  expect(await source({ url: `${base}/a` })).toMatchObject({ bytes: utf8('ok'), ageSeconds: 500 })
  await expect(source({ url: `${base}/ocsp`, body: new Uint8Array([2]) })).rejects.toMatchObject({
    code: 'collateral/not-in-bundle',
  })
})

test.each([
  ['no JSON', '{'],
  ['another document', '{"version":2,"entries":[]}'],
])('refuses a bundle that is %s', (_, text) => {
  expect(() => bundleSource(utf8(text), 0)).toThrow(expect.objectContaining({ code: 'collateral/bad-bundle' }))
})

test('refuses a bundle larger than any', () => {
  expect(() => bundleSource(new Uint8Array((32 << 20) + 1), 0)).toThrow(
    expect.objectContaining({ code: 'collateral/bad-bundle' }),
  )
})
