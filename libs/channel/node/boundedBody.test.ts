import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { boundedBody } from './boundedBody.ts'

/** A body that comes a byte at a time, for ever. */
async function* drip(): AsyncGenerator<Uint8Array> {
  for (;;) {
    await delay(5)
    yield new Uint8Array(1)
  }
}
const bounds = { maxBodyBytes: 1 << 20, idleTimeoutMs: 2000, bodyTimeoutMs: Number.POSITIVE_INFINITY }
const read = (source: Readable, change: Partial<typeof bounds>) =>
  new Response(boundedBody(source, { ...bounds, ...change })).arrayBuffer()

test('a body whose pieces come in time is still cut where the whole of it does not: channel/http-timeout', async () => {
  const source = Readable.from(drip())
  await expect(read(source, { bodyTimeoutMs: 100 })).rejects.toMatchObject({
    code: 'channel/http-timeout',
    meta: { expected: 100 },
  })
  expect(source.destroyed).toBe(true)
})

test('the time begins when a body is first asked for', async () => {
  const body = boundedBody(Readable.from([new Uint8Array(3)]), { ...bounds, bodyTimeoutMs: 100 })
  await delay(150)
  expect((await new Response(body).arrayBuffer()).byteLength).toBe(3)
})

test('a silence is cut at its own bound', async () => {
  const source = new Readable({ read: () => undefined })
  await expect(read(source, { idleTimeoutMs: 50, bodyTimeoutMs: 5000 })).rejects.toMatchObject({
    code: 'channel/http-timeout',
    meta: { expected: 50 },
  })
})
