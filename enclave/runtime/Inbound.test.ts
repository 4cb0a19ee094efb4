import { expect, test } from 'vitest'
import { Inbound } from './Inbound.ts'

const post = (path: string, body: string) => new Request(`http://enclave${path}`, { method: 'POST', body })

test('answers clients once an agent serves, and no longer', async () => {
  const inbound = new Inbound()
  const ask = async () => inbound.fromClient(post('/sealed', 'x'))
  const refused = await ask()
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'runtime/not-serving' }])
  inbound.serve(async () => new Response('served'))
  expect(await (await ask()).text()).toBe('served')
  inbound.serve(null)
  expect((await ask()).status).toBe(503)
})

test('takes the host’s first word on when the order was ended', async () => {
  const inbound = new Inbound()
  expect([inbound.ended.aborted, inbound.endedAt]).toEqual([false, null])
  for (const endedAt of [100, 200])
    expect((await inbound.fromHost(post('/ended', JSON.stringify({ endedAt })))).status).toBe(200)
  expect([inbound.ended.aborted, inbound.endedAt]).toEqual([true, 100])
})

test.each([
  ['another path', '/sealed', '{}', 'runtime/path-refused'],
  ['no JSON', '/ended', 'x', 'runtime/body-refused'],
  ['too much', '/ended', ' '.repeat(2000), 'runtime/body-refused'],
  ['another shape', '/ended', '{"endedAt":"now"}', 'protocol/bad-shape'],
])('refuses of the host %s', async (_, path, body, code) => {
  const inbound = new Inbound()
  await expect(inbound.fromHost(post(path, body))).rejects.toMatchObject({ code })
  expect(inbound.ended.aborted).toBe(false)
})
