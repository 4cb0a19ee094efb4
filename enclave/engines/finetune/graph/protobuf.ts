/** A piece of a protocol-buffer message. Pieces stay apart until `joined`, so that large tensors are copied once. */
export type Piece = Uint8Array | readonly Piece[]

const VARINT = 0
const BYTES = 2
const FIXED32 = 5

/** A varint field. Negative numbers take ten bytes, as the format asks. */
export const varintField = (field: number, value: number): Piece => [varint((field << 3) | VARINT), varint(value)]

/** A length-delimited field: bytes, text, or a nested message. */
export function bytesField(field: number, content: Piece | string): Piece {
  const piece: Piece = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return [varint((field << 3) | BYTES), varint(lengthOf(piece)), piece]
}

/** A 32-bit float field. */
export function floatField(field: number, value: number): Piece {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setFloat32(0, value, true)
  return [varint((field << 3) | FIXED32), bytes]
}

/** All pieces as one run of bytes. */
export function joined(piece: Piece): Uint8Array {
  const out = new Uint8Array(lengthOf(piece))
  let at = 0
  const write = (p: Piece): void => {
    if (p instanceof Uint8Array) {
      out.set(p, at)
      at += p.length
    } else for (const inner of p) write(inner)
  }
  write(piece)
  return out
}

function lengthOf(piece: Piece): number {
  if (piece instanceof Uint8Array) return piece.length
  let length = 0
  for (const inner of piece) length += lengthOf(inner)
  return length
}

function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const out: number[] = []
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
  return Uint8Array.from(out)
}
