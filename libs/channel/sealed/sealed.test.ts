import { fromUtf8, toHex, utf8 } from '@allod/protocol'
import { beforeAll, expect, test } from 'vitest'
import { collect } from '../ByteSource.ts'
import { openRequest, type ServiceKey } from './openRequest.ts'
import { ReplaySet } from './ReplaySet.ts'
import { createServiceKey } from './ServiceKey.ts'
import { sealRequest } from './sealRequest.ts'

let key: ServiceKey
beforeAll(async () => {
  key = {
    ...(await createServiceKey()),
    orderId: toHex(new Uint8Array(32).fill(1)),
    bundleHash: toHex(new Uint8Array(32).fill(2)),
    replays: new ReplaySet(),
  }
})

test('a sealed request and its streamed response round-trip', async () => {
  const sealed = await sealRequest(
    { ...key, serviceKey: key.publicKey },
    { method: 'POST', path: '/v1/chat', body: utf8('hello') },
  )
  const opened = await openRequest([key], sealed.body)
  expect(opened.head.path).toBe('/v1/chat')
  expect(fromUtf8(await collect(opened.body, 100))).toBe('hello')
  async function* tokens() {
    for (const t of ['a', 'bc', 'def']) yield utf8(t)
  }
  const answer = await sealed.openResponse(opened.sealResponse({ status: 200, headers: [['x', 'y']] }, tokens()))
  expect(answer.head.status).toBe(200)
  expect(fromUtf8(await collect(answer.body, 100))).toBe('abcdef')
})
