import { fromUtf8, type Hex, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type ByteSource, collect } from '../ByteSource.ts'
import { failsWith } from '../testing/failsWith.ts'
import { framesOf, inPieces } from '../testing/pieces.ts'
import { type OpenedRequest, openRequest, type ServiceKey } from './openRequest.ts'
import { ReplaySet } from './ReplaySet.ts'
import { createServiceKey, type ServiceKeyPair } from './ServiceKey.ts'
import { type SealedRequest, sealRequest } from './sealRequest.ts'
import { ENC_BYTES, REQUEST_HEADER_BYTES, RESPONSE_NONCE_BYTES, type ServiceIdentity } from './suite.ts'

const orderId: Hex = `0x${'11'.repeat(32)}`
const bundleHash: Hex = `0x${'22'.repeat(32)}`
const HEAD_BYTES = REQUEST_HEADER_BYTES + ENC_BYTES
let pair: ServiceKeyPair
let identity: ServiceIdentity
beforeAll(async () => {
  pair = await createServiceKey()
  identity = { serviceKey: pair.publicKey, orderId, bundleHash }
})

const freshKey = (): ServiceKey => ({ ...pair, orderId, bundleHash, replays: new ReplaySet() })
const seal = (body: ByteSource = utf8('hello')): Promise<SealedRequest> =>
  sealRequest(identity, { method: 'POST', path: '/v1/chat', headers: [['content-type', 'text/plain']], body })

/** A request on the wire, twenty-odd thousand bytes in four chunks. */
async function wire(): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = await seal(inPieces(new Uint8Array(21_000).fill(65), [7000]))
  return collect(sealed.body, 1e6)
}

async function readRequest(bytes: ByteSource, key = freshKey()): Promise<string> {
  const opened = await openRequest([key], bytes)
  return fromUtf8(await collect(opened.body, 1e6))
}

async function exchange(answer: (opened: OpenedRequest) => ByteSource): Promise<string> {
  const sealed = await seal()
  const opened = await openRequest([freshKey()], sealed.body)
  await collect(opened.body, 1e6)
  const { body } = await sealed.openResponse(answer(opened))
  return fromUtf8(await collect(body, 1e6))
}

const tokens = (): AsyncGenerator<Uint8Array> => inPieces(utf8('once upon a time'), [3])

test('a request and its streamed response round-trip', async () => {
  const sealed = await seal()
  const opened = await openRequest([freshKey()], sealed.body)
  expect(opened.head).toEqual({
    method: 'POST',
    scheme: 'https',
    authority: '',
    path: '/v1/chat',
    headers: [['content-type', 'text/plain']],
  })
  expect(fromUtf8(await collect(opened.body, 100))).toBe('hello')
  const answer = await sealed.openResponse(opened.sealResponse({ status: 201, headers: [['x', 'y']] }, tokens()))
  expect(answer.head).toEqual({ status: 201, headers: [['x', 'y']] })
  expect(fromUtf8(await collect(answer.body, 100))).toBe('once upon a time')
})

test('any body in any pieces, cut anywhere on its way, comes out the same', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 150_000, size: 'max' }),
      sizes,
      sizes,
      fc.boolean(),
      async (whole, a, b, isWhole) => {
        // Every piece is a chunk of its own: bodies in tiny pieces are short ones, so that the time is bounded.
        const body = whole.subarray(0, 200 * Math.min(...a, ...b))
        const sealed = await seal(isWhole ? body : inPieces(body, a))
        const opened = await openRequest([freshKey()], inPieces(await collect(sealed.body, 1e7), b))
        expect(Buffer.compare(await collect(opened.body, 1e6), body)).toBe(0)
        const wireBack = await collect(
          opened.sealResponse({ status: 200, headers: [] }, isWhole ? body : inPieces(body, b)),
          1e7,
        )
        const answer = await sealed.openResponse(inPieces(wireBack, a))
        expect(Buffer.compare(await collect(answer.body, 1e6), body)).toBe(0)
      },
    ),
    { numRuns: 12 },
  )
})

test('tokens arrive one by one, before the answer is over', async () => {
  const next = Promise.withResolvers<void>()
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield utf8('first')
    await next.promise
    yield utf8('second')
  }
  const sealed = await seal()
  const opened = await openRequest([freshKey()], sealed.body)
  const { body } = await sealed.openResponse(opened.sealResponse({ status: 200, headers: [] }, slow()))
  expect(await body.next()).toEqual({ done: false, value: new Uint8Array(utf8('first')) })
  next.resolve()
  expect(fromUtf8(await collect(body, 100))).toBe('second')
})

test('tokens of any length up to a kilobyte take the same room on the wire', async () => {
  const lengths = new Set<number>()
  for (const token of ['a', 'a longer token', 'x'.repeat(1000)])
    await exchange(async function* (opened) {
      let index = 0
      for await (const piece of opened.sealResponse({ status: 200, headers: [] }, inPieces(utf8(token)))) {
        if (index++ === 2) lengths.add(piece.length)
        yield piece
      }
    })
  expect([...lengths]).toEqual([1024 + 16 + 2])
})

test('every cut, swap, repeat and flip of a request is refused', async () => {
  const bytes = await wire()
  const head = bytes.subarray(0, HEAD_BYTES)
  const frames = framesOf(bytes, HEAD_BYTES)
  expect(frames.length).toBeGreaterThan(3)
  const [one, two, three] = frames as [Uint8Array, Uint8Array, Uint8Array]
  const last = frames.at(-1) as Uint8Array
  const rest = frames.slice(1)
  const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat([head, ...parts])
  for (let count = 0; count < frames.length; count++)
    await failsWith('channel/sealed-truncated', readRequest(join(...frames.slice(0, count))))
  await failsWith('channel/sealed-truncated', readRequest(bytes.subarray(0, -1000)))
  await failsWith('channel/sealed-truncated', readRequest(bytes.subarray(0, 20)))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(one, one, ...rest)))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(two, one, ...frames.slice(2))))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(...rest)))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(one, three, ...frames.slice(3))))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(...frames, Uint8Array.of(0))))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(...frames, last)))
  // The first chunk passed off as the last, and the last as one of many.
  await failsWith('channel/sealed-chunk-refused', readRequest(join(Uint8Array.of(0), one.subarray(2))))
  const asMiddle = Buffer.concat([Uint8Array.of(0x44, 0x10), last.subarray(1)])
  await failsWith('channel/sealed-chunk-refused', readRequest(join(...frames.slice(0, -1), asMiddle, last)))
  await failsWith('channel/sealed-chunk-refused', readRequest(join(Uint8Array.of(0xbf, 0xff, 0xff, 0xff))))
  for (const at of [REQUEST_HEADER_BYTES, HEAD_BYTES - 1, HEAD_BYTES + 5, bytes.length - 1]) {
    const flipped = Uint8Array.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    await failsWith('channel/sealed-chunk-refused', readRequest(flipped))
  }
})

test('every cut, swap, repeat and flip of a response is refused', async () => {
  const broken = (change: (frames: Uint8Array[]) => Uint8Array[]): Promise<string> =>
    exchange(async function* (opened) {
      const bytes = await collect(opened.sealResponse({ status: 200, headers: [] }, tokens()), 1e6)
      yield bytes.subarray(0, RESPONSE_NONCE_BYTES)
      yield Buffer.concat(change(framesOf(bytes, RESPONSE_NONCE_BYTES)))
    })
  expect(await broken((frames) => frames)).toBe('once upon a time')
  await failsWith(
    'channel/sealed-truncated',
    broken((frames) => frames.slice(0, -1)),
  )
  await failsWith(
    'channel/sealed-truncated',
    broken(() => []),
  )
  await failsWith(
    'channel/sealed-chunk-refused',
    broken(([a, b, ...rest]) => [a, a, b, ...rest] as Uint8Array[]),
  )
  await failsWith(
    'channel/sealed-chunk-refused',
    broken(([a, b, ...rest]) => [b, a, ...rest] as Uint8Array[]),
  )
  await failsWith(
    'channel/sealed-chunk-refused',
    broken(([a, , ...rest]) => [a, ...rest] as Uint8Array[]),
  )
  await failsWith(
    'channel/sealed-chunk-refused',
    broken((frames) => [...frames, frames.at(-1) as Uint8Array]),
  )
  await failsWith(
    'channel/sealed-chunk-refused',
    broken((frames) =>
      frames.map((frame, i) => (i === 1 ? frame.map((byte, at) => (at === 9 ? byte ^ 1 : byte)) : frame)),
    ),
  )
})

test('the answer to one request does not open for another', async () => {
  const [one, two] = [await seal(), await seal()]
  const opened = await openRequest([freshKey()], one.body)
  const answer = await collect(opened.sealResponse({ status: 200, headers: [] }, utf8('for one')), 1e6)
  await failsWith('channel/sealed-chunk-refused', two.openResponse(answer))
  await one.openResponse(answer)
  await failsWith('channel/response-reused', one.openResponse(answer))
})

test('another order, another bundle, another key: nothing opens', async () => {
  const bytes = await wire()
  await failsWith('channel/sealed-chunk-refused', readRequest(bytes, { ...freshKey(), orderId: bundleHash }))
  await failsWith('channel/sealed-chunk-refused', readRequest(bytes, { ...freshKey(), bundleHash: orderId }))
  const other = { ...freshKey(), ...(await createServiceKey()) }
  await failsWith('channel/unknown-service-key', readRequest(bytes, other))
  await failsWith('channel/sealed-chunk-refused', readRequest(bytes, { ...freshKey(), privateKey: other.privateKey }))
})

test('a request to the last key still opens after the next one came', async () => {
  const next = { ...freshKey(), ...(await createServiceKey()) }
  const opened = await openRequest([next, freshKey()], await wire())
  expect(opened.head.path).toBe('/v1/chat')
})

test('another version or suite is told apart from an unknown key', async () => {
  for (const at of [0, 9, 11, 13]) {
    const bytes = await wire()
    bytes[at] = (bytes[at] ?? 0) ^ 0x40
    await failsWith('channel/sealed-suite', readRequest(bytes))
  }
})

test('a request is answered once, whoever sends it again and however close together', async () => {
  const key = freshKey()
  const bytes = await wire()
  const results = await Promise.allSettled([readRequest(bytes, key), readRequest(bytes, key), readRequest(bytes, key)])
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(1)
  await failsWith('channel/replayed-request', readRequest(bytes, key))
})

test('a key that remembers as much as it may answers no more', async () => {
  const key = { ...freshKey(), replays: new ReplaySet(2) }
  await readRequest(await wire(), key)
  await readRequest(await wire(), key)
  await failsWith('channel/replay-set-full', readRequest(await wire(), key))
})

test('a forged request takes no place in the replay set', async () => {
  const key = { ...freshKey(), replays: new ReplaySet(1) }
  const forged = await wire()
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  forged[HEAD_BYTES + 40] = (forged[HEAD_BYTES + 40] ?? 0) ^ 1
  await failsWith('channel/sealed-chunk-refused', readRequest(forged, key))
  await readRequest(await wire(), key)
})

test('refuses a service key that is not one', async () => {
  await failsWith(
    'channel/bad-service-key',
    sealRequest({ ...identity, serviceKey: new Uint8Array(32) }, { method: 'GET', path: '/' }),
  )
})

test('no bytes whatever open, nor crash', async () => {
  const good = await wire()
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: good.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const bytes = Uint8Array.from(good)
        bytes[at] = (bytes[at] ?? 0) ^ change
        await expect(readRequest(bytes)).rejects.toHaveProperty('code', expect.stringMatching(/^channel\//))
      },
    ),
    { numRuns: 60 },
  )
})

test('what a stopped reader leaves is not sealed on', async () => {
  let isStopped = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield utf8('more')
    } finally {
      isStopped = true
    }
  }
  const sealed = await seal()
  const opened = await openRequest([freshKey()], sealed.body)
  const { body } = await sealed.openResponse(opened.sealResponse({ status: 200, headers: [] }, endless()))
  await body.next()
  await body.return()
  expect(isStopped).toBe(true)
})
