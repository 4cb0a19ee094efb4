import { accumulate, times } from './elementwise.ts'
import { differentiable, type Graph, integers, node, nodes, type Value } from './Graph.ts'
import { columnSums } from './linear.ts'

/** x / rms(x) · weight over the last axis; x [n, width], weight [width]. */
export function rmsNorm(g: Graph, x: Value, weight: Value, epsilon: number): Value {
  const perRow = [x.dims[0] ?? 0, 1]
  const [y, inverse] = nodes(g, 'SimplifiedLayerNormalization', [x, weight], [x.dims, perRow], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  }) as [Value, Value]
  return differentiable(g, y, (dy, gradients) => {
    if (weight.tracked) {
      const normalised = times(g, x, inverse)
      accumulate(g, gradients, weight, columnSums(g, times(g, dy, normalised), weight.dims))
    }
    if (!x.tracked) return
    // With n = x·r and dn = dy·w: dx = r·(dn − n·mean(dn·n)), and dn·n = dy·y.
    const mean = node(g, 'ReduceMean', [times(g, dy, y), integers(g, [1])], perRow, { attributes: { keepdims: 1 } })
    const shrink = times(g, mean, times(g, inverse, inverse))
    const direct = times(g, times(g, dy, weight), inverse)
    accumulate(g, gradients, x, node(g, 'Sub', [direct, times(g, x, shrink)], x.dims))
  })
}
