import { differentiable, type Graph, integers, node, type Value } from './Graph.ts'

/** x [n, in] · weightᵀ (+ bias), weight [out, in] as Hugging Face stores it. */
export function linear(g: Graph, x: Value, weight: Value, bias?: Value): Value {
  const inputs = bias ? [x, weight, bias] : [x, weight]
  const y = node(g, 'Gemm', inputs, [x.dims[0] ?? 0, weight.dims[0] ?? 0], { attributes: { transB: 1 } })
  return differentiable(g, y, (dy, gradients) => {
    gradients.add(x, (sum) => product(g, dy, weight, { sum, dims: x.dims }))
    gradients.add(weight, (sum) => product(g, dy, x, { transA: true, sum, dims: weight.dims }))
    if (bias) gradients.add(bias, (sum) => withSum(g, sum, columnSums(g, dy, bias.dims)))
  })
}

/** A LoRA pair on the same input: base + factor · (x · downᵀ) · upᵀ; down [rank, in], up [out, rank]. */
export function lowRank(g: Graph, base: Value, x: Value, down: Value, up: Value, factor: number): Value {
  const hidden = product(g, x, down, { transB: true, dims: [x.dims[0] ?? 0, down.dims[0] ?? 0] })
  const y = product(g, hidden, up, { transB: true, alpha: factor, sum: base, dims: base.dims })
  return differentiable(g, y, (dy, gradients) => {
    gradients.add(base, (sum) => withSum(g, sum, dy))
    gradients.add(up, (sum) => product(g, dy, hidden, { transA: true, alpha: factor, sum, dims: up.dims }))
    const dHidden = product(g, dy, up, { alpha: factor, dims: hidden.dims })
    gradients.add(down, (sum) => product(g, dHidden, x, { transA: true, sum, dims: down.dims }))
    gradients.add(x, (sum) => product(g, dHidden, down, { sum, dims: x.dims }))
  })
}

type ProductOptions = {
  readonly transA?: boolean
  readonly transB?: boolean
  readonly alpha?: number
  /** Added to the product within the same operation. */
  readonly sum?: Value | undefined
  readonly dims: Value['dims']
}

/** A matrix product without a gradient. */
export function product(g: Graph, a: Value, b: Value, options: ProductOptions): Value {
  return node(g, 'Gemm', options.sum ? [a, b, options.sum] : [a, b], options.dims, {
    attributes: {
      transA: options.transA ? 1 : 0,
      transB: options.transB ? 1 : 0,
      alpha: { float: options.alpha ?? 1 },
    },
  })
}

/** Sums over rows, for gradients of vectors that were broadcast. */
export const columnSums = (g: Graph, x: Value, dims: Value['dims']): Value =>
  node(g, 'ReduceSum', [x, integers(g, [0])], dims, { attributes: { keepdims: 0 } })

const withSum = (g: Graph, sum: Value | undefined, x: Value): Value => (sum ? node(g, 'Add', [sum, x], x.dims) : x)
