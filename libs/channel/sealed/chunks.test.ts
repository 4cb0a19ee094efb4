import { concat, u32 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { ByteReader, collect } from '../ByteSource.ts'
import { failsWith } from '../testing/failsWith.ts'
import { encodeVarint } from '../varint.ts'
import { type ChunkCipher, openChunks, type Piece, sealChunks } from './chunks.ts'

/** A cipher that hides nothing, so that padding can be written by hand: 16 bytes of tag behind the plaintext. */
const open: ChunkCipher = async (chunk) => chunk.slice(0, -16).buffer
const seal: ChunkCipher = async (chunk) => concat(chunk, new Uint8Array(16)).buffer

async function* pieces(...list: Piece[]): AsyncGenerator<Piece> {
  yield* list
}

const last = (padded: Uint8Array): Uint8Array => concat(encodeVarint(0), padded, new Uint8Array(16))
const opened = (bytes: Uint8Array): Promise<Uint8Array> => collect(openChunks(new ByteReader(bytes), open), 1e6)
const piece = (length: number, isLast = false): Piece => ({ bytes: new Uint8Array(length), isLast })

test('pads to the smallest bucket that holds the content and its length', async () => {
  for (const [length, bucket] of [
    [0, 1024],
    [1020, 1024],
    [1021, 4096],
    [16_381, 65_536],
    [65_532, 65_536],
  ] as const)
    expect((await collect(sealChunks(pieces(piece(length, true)), seal), 1e6)).length).toBe(1 + bucket + 16)
})

test('a fixed bucket is kept to', async () => {
  const sealed = sealChunks(pieces({ ...piece(3, true), bucketBytes: 4096 }), seal)
  expect((await collect(sealed, 1e6)).length).toBe(1 + 4096 + 16)
})

test('refuses padding that is not zeros, a length beyond the chunk, and sizes that are no bucket', async () => {
  const content = concat(u32(2), Uint8Array.of(7, 8))
  expect(await opened(last(concat(content, new Uint8Array(1018))))).toEqual(Uint8Array.of(7, 8))
  await failsWith('channel/sealed-padding', opened(last(concat(content, new Uint8Array(1017), Uint8Array.of(1)))))
  await failsWith('channel/sealed-padding', opened(last(concat(u32(1021), new Uint8Array(1020)))))
  await failsWith('channel/sealed-padding', opened(last(concat(content, new Uint8Array(1019)))))
})

test('seals and opens no more chunks than a key may', async () => {
  const three = (): AsyncGenerator<Piece> => pieces(piece(1), piece(1), piece(1, true))
  await failsWith('channel/sealed-too-long', collect(sealChunks(three(), seal, 2), 1e6))
  const sealed = await collect(sealChunks(three(), seal), 1e6)
  await failsWith('channel/sealed-too-long', collect(openChunks(new ByteReader(sealed), open, 2), 1e6))
})
