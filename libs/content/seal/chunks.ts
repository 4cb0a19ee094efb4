import { concat } from '@allod/protocol'

/** A chunk of plaintext as the pieces it came in. */
export type PlainChunk = {
  readonly pieces: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly isLast: boolean
}

// Many tiny pieces are joined, so that a chunk never holds more than this many.
const MAX_PIECES = 1024

/**
 * Cuts a stream into chunks of `chunkBytes`, without copying: all are full but the last, and an empty stream is one empty
 * chunk. A piece must stay as it is until it is released, which is when the chunk with its last byte was dealt with.
 */
export async function* cutChunks(
  source: AsyncIterable<Uint8Array>,
  chunkBytes: number,
  release: (piece: Uint8Array) => void = () => {},
): AsyncGenerator<PlainChunk, void> {
  let pieces: Uint8Array[] = []
  let spent: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of source) {
    for (let from = 0; from < piece.length; ) {
      // A full chunk waits for the next byte: only then is it known not to be the last.
      if (sizeBytes === chunkBytes) {
        yield { pieces, sizeBytes, isLast: false }
        for (const done of spent) release(done)
        spent = []
        pieces = []
        sizeBytes = 0
      }
      const part = piece.subarray(from, from + chunkBytes - sizeBytes)
      if (pieces.length === MAX_PIECES) pieces = [concat(...pieces)]
      pieces.push(part)
      sizeBytes += part.length
      from += part.length
    }
    spent.push(piece)
  }
  yield { pieces, sizeBytes, isLast: true }
}
