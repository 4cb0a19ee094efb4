import { differentiable, type Gradients, type Graph, integers, node, scalar, type Value } from './Graph.ts'

/** a + b, of equal shape. */
export function add(g: Graph, a: Value, b: Value): Value {
  return differentiable(g, plus(g, a, b), (dy, gradients) => {
    accumulate(g, gradients, a, dy)
    accumulate(g, gradients, b, dy)
  })
}

/** a · b, of equal shape. */
export function multiply(g: Graph, a: Value, b: Value): Value {
  return differentiable(g, times(g, a, b), (dy, gradients) => {
    if (a.tracked) accumulate(g, gradients, a, times(g, dy, b))
    if (b.tracked) accumulate(g, gradients, b, times(g, dy, a))
  })
}

/** silu(gate) · up, the gated half of a Llama MLP. */
export function swiglu(g: Graph, gate: Value, up: Value): Value {
  const sigmoid = node(g, 'Sigmoid', [gate], gate.dims)
  const silu = times(g, gate, sigmoid)
  return differentiable(g, times(g, silu, up), (dy, gradients) => {
    if (up.tracked) accumulate(g, gradients, up, times(g, dy, silu))
    if (!gate.tracked) return
    // d silu/d gate = s + silu·(1 − s) = silu + s·(1 − silu)
    const slope = plus(g, silu, times(g, sigmoid, node(g, 'Sub', [scalar(g, 1), silu], silu.dims)))
    accumulate(g, gradients, gate, times(g, times(g, dy, up), slope))
  })
}

/** The same numbers in another shape. A dimension of 0 keeps the input's; one of -1 is inferred. */
export function reshape(g: Graph, x: Value, dims: readonly number[]): Value {
  const y = node(g, 'Reshape', [x, integers(g, dims)], dims)
  return differentiable(g, y, (dy, gradients) =>
    accumulate(g, gradients, x, node(g, 'Reshape', [dy, integers(g, x.dims as number[])], x.dims)),
  )
}

/** Rows of `table` [rows, width] picked by `indices` [n]. No gradient is recorded: the caller scatters it, in order. */
export function gatherFrozen(g: Graph, table: Value, indices: Value): Value {
  const y = node(g, 'Gather', [table, indices], [indices.dims[0] ?? 0, table.dims[1] ?? 0], { attributes: { axis: 0 } })
  return { ...y, tracked: false }
}

/** Distinct rows of x [n, width] picked by `indices` [m]; rows that were not picked get a zero gradient. */
export function pickRows(g: Graph, x: Value, indices: Value): Value {
  const y = node(g, 'Gather', [x, indices], [indices.dims[0] ?? 0, x.dims[1] ?? 0], { attributes: { axis: 0 } })
  return differentiable(g, y, (dy, gradients) => {
    const zeros = node(g, 'ConstantOfShape', [integers(g, x.dims as number[])], x.dims)
    const at = node(g, 'Unsqueeze', [indices, integers(g, [1])], [indices.dims[0] ?? 0, 1], { type: indices.type })
    accumulate(g, gradients, x, node(g, 'ScatterND', [zeros, at, dy], x.dims))
  })
}

/** Adds `gradient` to what `value` has gathered. */
export function accumulate(g: Graph, gradients: Gradients, value: Value, gradient: Value): void {
  gradients.add(value, (sum) => (sum ? plus(g, sum, gradient) : gradient))
}

/** a · b without a gradient. */
export const times = (g: Graph, a: Value, b: Value): Value => node(g, 'Mul', [a, b], a.dims)

/** a + b without a gradient. */
export const plus = (g: Graph, a: Value, b: Value): Value => node(g, 'Add', [a, b], a.dims)
