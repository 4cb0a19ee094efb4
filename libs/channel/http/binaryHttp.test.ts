import { readFileSync } from 'node:fs'
import { fromHex, type Hex, isAllodError, toHex, utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ByteSource, collect } from '../ByteSource.ts'
import { failsWith } from '../testing/failsWith.ts'
import type { HttpVector } from '../testing/generateVectors.ts'
import { inPieces } from '../testing/pieces.ts'
import { encodeRequest, encodeResponse, type RequestHead, streamRequest, streamResponse } from './binaryHttp.ts'
import { type DecodeLimits, decodeRequest, decodeResponse } from './decodeBinaryHttp.ts'

const request: RequestHead = {
  method: 'GET',
  scheme: 'https',
  authority: 'www.example.com',
  path: '/hello.txt?x=1',
  headers: [
    ['user-agent', 'curl/7.16.3'],
    ['accept-language', 'en, mi'],
  ],
}

async function read(decode: typeof decodeRequest | typeof decodeResponse, source: ByteSource, limits?: DecodeLimits) {
  const { head, body } = await decode(source, limits)
  return { head, body: await collect(body, 1e7) }
}

const vectors = JSON.parse(
  readFileSync(new URL('../vectors/binary-http.json', import.meta.url), 'utf8'),
) as readonly HttpVector[]

test('every vector is read as it says', async () => {
  for (const vector of vectors) {
    const reading = read(vector.kind === 'request' ? decodeRequest : decodeResponse, fromHex(vector.hex as Hex))
    const found = await reading.then(
      ({ head, body }) => ({ head: JSON.parse(JSON.stringify(head)) as unknown, body: toHex(body) }),
      (error: unknown) => (isAllodError(error) ? error.code : error),
    )
    expect(found, vector.name).toEqual(vector.expect)
  }
  expect(vectors.length).toBe(25)
})

test('any message in either form, in any pieces, comes out the same', async () => {
  const name = fc
    .stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,30}$/)
    .filter((n) => !['connection', 'keep-alive', 'upgrade'].includes(n))
  const value = fc.stringMatching(/^([!-~]([ -~]{0,200}[!-~])?)?$/)
  const headers = fc.array(fc.tuple(name, value), { maxLength: 20 })
  const body = fc.uint8Array({ maxLength: 20_000, size: 'max' })
  const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(headers, fc.integer({ min: 200, max: 599 }), body, sizes, async (fields, status, content, cut) => {
      for (const padding of [0, 37]) {
        const wire = async (source: ByteSource): Promise<ByteSource> =>
          inPieces(Buffer.concat([await collect(source, 1e6), new Uint8Array(padding)]), cut)
        const expected = { head: { ...request, headers: fields }, body: content }
        expect(await read(decodeRequest, await wire(encodeRequest(expected.head, content)))).toEqual(expected)
        expect(await read(decodeRequest, await wire(streamRequest(expected.head, inPieces(content, cut))))).toEqual(
          expected,
        )
        const answer = { head: { status, headers: fields }, body: content }
        expect(await read(decodeResponse, await wire(encodeResponse(answer.head, content)))).toEqual(answer)
        expect(await read(decodeResponse, await wire(streamResponse(answer.head, inPieces(content, cut))))).toEqual(
          answer,
        )
      }
    }),
    { numRuns: 40 },
  )
})

test('no cut of a message is taken for the whole, but where only empty sections follow', async () => {
  const whole = encodeRequest(request, utf8('content'))
  for (let length = 0; length < whole.length - 1; length++) {
    const reading = read(decodeRequest, whole.subarray(0, length))
    const outcome = await reading.then(
      ({ body }) => body.length,
      (error: unknown) => (isAllodError(error) ? error.code : error),
    )
    // Behind the control data, and behind the headers, RFC 9292 §3.8 lets a message end.
    if (outcome !== 0) expect(outcome).toBe('channel/bhttp-truncated')
  }
  const stream = await collect(streamRequest(request, utf8('content')), 1000)
  for (let length = stream.length - 9; length < stream.length - 2; length++)
    await failsWith('channel/bhttp-truncated', read(decodeRequest, stream.subarray(0, length)))
})

test('bounds the body, the head and the number of fields', async () => {
  const body = new Uint8Array(1001)
  await failsWith('channel/bhttp-too-large', read(decodeRequest, encodeRequest(request, body), { maxBodyBytes: 1000 }))
  const pieces = inPieces(body, [100])
  await failsWith(
    'channel/bhttp-too-large',
    read(decodeRequest, streamRequest(request, pieces), { maxBodyBytes: 1000 }),
  )
  const many = Array.from({ length: 101 }, (_, i) => [`x${i}`, ''] as const)
  expect(() => encodeRequest({ ...request, headers: many })).toThrow(
    expect.objectContaining({ code: 'channel/bhttp-too-large' }),
  )
  expect(() => encodeRequest({ ...request, headers: [['x', 'y'.repeat(40_000)]] })).toThrow(
    expect.objectContaining({ code: 'channel/bhttp-too-large' }),
  )
})

test('refuses to write what it would refuse to read', () => {
  const refuses = (change: Partial<RequestHead>): void =>
    expect(() => encodeRequest({ ...request, ...change })).toThrow(
      expect.objectContaining({ code: 'channel/bhttp-malformed' }),
    )
  refuses({ method: 'GET /' })
  refuses({ scheme: 'HTTPS' })
  refuses({ authority: 'a b' })
  refuses({ path: 'hello' })
  refuses({ path: '/a b' })
  for (const name of ['Upper', ':path', '', 'a b', 'connection', 'transfer-encoding', 'upgrade'])
    refuses({ headers: [[name, 'x']] })
  for (const value of [' x', 'x ', 'a\r\nb', 'a\0b', '\u0100']) refuses({ headers: [['x', value]] })
  expect(() => encodeResponse({ status: 100, headers: [] })).toThrow(
    expect.objectContaining({ code: 'channel/bhttp-malformed' }),
  )
})

test('no bytes whatever do anything but decode or be refused with a code', async () => {
  const seeds = vectors.map(({ hex }) => fromHex(hex as Hex))
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }))
    .map(([seed, edits]) => {
      const bytes = Uint8Array.from(seed)
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte
      return bytes
    })
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), fc.boolean(), async (bytes, isRequest) => {
      const error = await read(isRequest ? decodeRequest : decodeResponse, bytes).then(
        () => null,
        (cause: unknown) => cause,
      )
      expect(error === null || (isAllodError(error) && error.code.startsWith('channel/bhttp-'))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
