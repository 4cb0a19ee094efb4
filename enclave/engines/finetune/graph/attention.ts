import { accumulate, plus, times } from './elementwise.ts'
import { differentiable, type Graph, integers, node, type Value } from './Graph.ts'

export type AttentionShape = {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
}

/**
 * softmax(q·kᵀ/√headSize + mask)·v. q [batch, length, heads·headSize]; k, v [batch, length, kvHeads·headSize];
 * mask [batch, 1, length, length], 0 or a large negative number. Returns the shape of q.
 * The query heads that share a key head lie below each other as rows, so grouped attention costs no copies of k and v
 * and their gradients are summed by the product itself.
 */
export function attention(g: Graph, q: Value, k: Value, v: Value, mask: Value, shape: AttentionShape): Value {
  const { batch, length, heads, kvHeads, headSize } = shape
  const group = heads / kvHeads
  const factor = 1 / Math.sqrt(headSize)
  const rowDims = [batch, kvHeads, group * length, headSize]
  const keyDims = [batch, kvHeads, length, headSize]
  const scoreDims = [batch, kvHeads, group * length, length]

  const queryRows = (x: Value): Value =>
    shaped(g, moved(g, shaped(g, x, [batch, length, kvHeads, group, headSize]), [0, 2, 3, 1, 4]), rowDims)
  const keyRows = (x: Value): Value => moved(g, shaped(g, x, [batch, length, kvHeads, headSize]), [0, 2, 1, 3])
  const fromQueryRows = (x: Value): Value =>
    shaped(g, moved(g, shaped(g, x, [batch, kvHeads, group, length, headSize]), [0, 3, 1, 2, 4]), q.dims as number[])
  const fromKeyRows = (x: Value): Value => shaped(g, moved(g, x, [0, 2, 1, 3]), k.dims as number[])

  const [rq, rk, rv] = [queryRows(q), keyRows(k), keyRows(v)]
  const scores = batched(g, rq, rk, scoreDims, { transB: true, alpha: factor })
  const masked = plus(g, shaped(g, scores, [batch, heads, length, length]), mask)
  const softmax = node(g, 'Softmax', [masked], masked.dims, { attributes: { axis: -1 } })
  const weights = shaped(g, softmax, scoreDims)
  const rows = batched(g, weights, rv, rowDims, {})
  const y = fromQueryRows(rows)

  return differentiable(g, y, (dy, gradients) => {
    const dRows = queryRows(dy)
    if (v.tracked) accumulate(g, gradients, v, fromKeyRows(batched(g, weights, dRows, keyDims, { transA: true })))
    if (!q.tracked && !k.tracked) return
    const dWeights = batched(g, dRows, rv, scoreDims, { transB: true })
    // Σ weights·dWeights over keys equals Σ rows·dRows over the head: a shorter sum.
    const sums = node(g, 'ReduceSum', [times(g, rows, dRows), integers(g, [3])], [...rowDims.slice(0, 3), 1], {
      attributes: { keepdims: 1 },
    })
    const dScores = times(g, weights, node(g, 'Sub', [dWeights, sums], scoreDims))
    if (q.tracked) accumulate(g, gradients, q, fromQueryRows(batched(g, dScores, rk, rowDims, { alpha: factor })))
    if (k.tracked)
      accumulate(g, gradients, k, fromKeyRows(batched(g, dScores, rq, keyDims, { transA: true, alpha: factor })))
  })
}

type BatchedOptions = { readonly transA?: boolean; readonly transB?: boolean; readonly alpha?: number }

const batched = (g: Graph, a: Value, b: Value, dims: readonly number[], options: BatchedOptions): Value =>
  node(g, 'FusedMatMul', [a, b], dims, {
    domain: 'com.microsoft',
    attributes: {
      transA: options.transA ? 1 : 0,
      transB: options.transB ? 1 : 0,
      alpha: { float: options.alpha ?? 1 },
    },
  })

const shaped = (g: Graph, x: Value, dims: readonly number[]): Value => node(g, 'Reshape', [x, integers(g, dims)], dims)

const moved = (g: Graph, x: Value, order: readonly number[]): Value =>
  node(
    g,
    'Transpose',
    [x],
    order.map((i) => x.dims[i] ?? 0),
    { attributes: { perm: order } },
  )
