const POOL_BYTES = 4096
/** Pieces below this are gathered; see `push`. */
const SMALL_BYTES = 2048

/**
 * Received bytes in order. Small pieces are copied together: kept as views they would pin the large buffers they came
 * in, and a sender could make us hold far more memory than its window.
 */
export class ByteQueue {
  #pieces: Uint8Array[] = []
  #head = 0
  #tailFree = 0
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  push(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (piece.length > SMALL_BYTES) {
      // A view is kept only where it is a good part of what it pins.
      const isLarge = piece.length * 4 >= piece.buffer.byteLength
      this.#pieces.push(isLarge ? piece : piece.slice())
      this.#tailFree = 0
      return
    }
    const tail = this.#pieces[this.#pieces.length - 1]
    if (tail !== undefined && this.#tailFree >= piece.length && this.#pieces.length > this.#head) {
      const grown = new Uint8Array(tail.buffer, 0, tail.length + piece.length)
      grown.set(piece, tail.length)
      this.#pieces[this.#pieces.length - 1] = grown
      this.#tailFree -= piece.length
      return
    }
    const pool = new Uint8Array(POOL_BYTES)
    pool.set(piece)
    this.#pieces.push(pool.subarray(0, piece.length))
    this.#tailFree = POOL_BYTES - piece.length
  }

  /** The oldest piece, or null when empty. */
  shift(): Uint8Array | null {
    const piece = this.#pieces[this.#head]
    if (piece === undefined) return null
    this.#head += 1
    this.#bytes -= piece.length
    if (this.#head === this.#pieces.length) this.clear()
    else if (this.#head >= 64) {
      this.#pieces = this.#pieces.slice(this.#head)
      this.#head = 0
    }
    return piece
  }

  clear(): void {
    this.#pieces = []
    this.#head = 0
    this.#tailFree = 0
    this.#bytes = 0
  }
}
