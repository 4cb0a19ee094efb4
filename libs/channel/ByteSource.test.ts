import { expect, test } from 'vitest'
import { type ByteSource, collect, piecesOf, streamOf } from './ByteSource.ts'
import { failsWith } from './testing/failsWith.ts'
import { inPieces } from './testing/pieces.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)

test('whole bytes, iterables and web streams read the same', async () => {
  const sources: ByteSource[] = [bytes, inPieces(bytes, [7, 300]), streamOf(inPieces(bytes, [99])), streamOf(bytes)]
  for (const source of sources) expect(await collect(source, 1000)).toEqual(bytes)
})

test('a body above its bound is not collected', async () => {
  await failsWith('channel/source-too-large', collect(inPieces(bytes, [100]), 999))
})

test('stopping early stops the source', async () => {
  let stops = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield bytes
    } finally {
      stops++
    }
  }
  for await (const _ of piecesOf(streamOf(endless()))) break
  for await (const _ of piecesOf(endless())) break
  await failsWith('channel/source-too-large', collect(endless(), 5000))
  expect(stops).toBe(3)
})
