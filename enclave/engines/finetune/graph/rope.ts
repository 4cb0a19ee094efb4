import { accumulate } from './elementwise.ts'
import { constant, differentiable, type Graph, node, type Value } from './Graph.ts'

/** Cosines and sines per position and frequency, [positions, headSize / 2]; `minusSin` turns backwards. */
export type RopeTables = { readonly cos: Value; readonly sin: Value; readonly minusSin: Value }

/** Tables for the given frequencies (radians per position, one per pair). */
export function ropeTables(g: Graph, frequencies: readonly number[], positions: number): RopeTables {
  const half = frequencies.length
  const cos = new Float32Array(positions * half)
  const sin = new Float32Array(positions * half)
  for (let p = 0; p < positions; p++)
    for (let j = 0; j < half; j++) {
      cos[p * half + j] = Math.cos(p * (frequencies[j] as number))
      sin[p * half + j] = Math.sin(p * (frequencies[j] as number))
    }
  const table = (data: Float32Array): Value => constant(g, [positions, half], data)
  return { cos: table(cos), sin: table(sin), minusSin: table(sin.map((v) => -v)) }
}

/** Rotates each head's halves by position; x [batch, length, heads · headSize], positions [batch, length]. */
export function rope(g: Graph, x: Value, positions: Value, tables: RopeTables): Value {
  const rotate = (v: Value, sin: Value): Value =>
    node(g, 'RotaryEmbedding', [v, positions, tables.cos, sin], x.dims, {
      domain: 'com.microsoft',
      attributes: { interleaved: 0 },
    })
  return differentiable(g, rotate(x, tables.sin), (dy, gradients) =>
    accumulate(g, gradients, x, rotate(dy, tables.minusSin)),
  )
}
