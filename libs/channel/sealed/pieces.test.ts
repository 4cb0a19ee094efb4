import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { inPieces } from '../testing/pieces.ts'
import type { Piece } from './chunks.ts'
import { paced } from './pieces.ts'

async function all(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const list: Piece[] = []
  for await (const piece of pieces) list.push(piece)
  return list
}

/** A clock that lets everything else happen before it strikes. */
const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const contentOf = (pieces: readonly Piece[]): string => Buffer.concat(pieces.map(({ bytes }) => bytes)).toString()

test('sends one piece of one size per tick, whatever there is to say', async () => {
  const text = 'x'.repeat(5000)
  const pieces = await all(paced(inPieces(utf8(text), [1, 700, 3]), { everyMs: 50, bucketBytes: 1024, sleep }))
  expect(contentOf(pieces)).toBe(text)
  expect(pieces.every(({ bucketBytes }) => bucketBytes === 1024)).toBe(true)
  expect(pieces.findIndex(({ isLast }) => isLast)).toBe(pieces.length - 1)
})

test('silence is sent too', async () => {
  const spoken = Promise.withResolvers<void>()
  async function* slow(): AsyncGenerator<Uint8Array> {
    await spoken.promise
    yield utf8('at last')
  }
  const pieces = paced(slow(), { everyMs: 50, bucketBytes: 1024, sleep })
  for (let i = 0; i < 3; i++)
    expect((await pieces.next()).value).toMatchObject({ bytes: new Uint8Array(), isLast: false })
  spoken.resolve()
  expect(contentOf(await all(pieces))).toBe('at last')
})

test('a source that outruns the pace is made to wait', async () => {
  let produced = 0
  async function* fast(): AsyncGenerator<Uint8Array> {
    for (; produced < 1000; produced++) yield new Uint8Array(10_000)
  }
  const pieces = paced(fast(), { everyMs: 50, bucketBytes: 1024, sleep })
  for (let i = 0; i < 5; i++) await pieces.next()
  expect(produced).toBeLessThan(10)
  await pieces.return()
  expect(produced).toBeLessThan(10)
})

test('a source that breaks breaks the stream, without a last piece', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield utf8('one')
    throw new Error('the engine died')
  }
  await expect(all(paced(broken(), { everyMs: 50, bucketBytes: 1024, sleep }))).rejects.toThrow('the engine died')
})
