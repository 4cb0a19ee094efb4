import { accumulate, times } from './elementwise.ts'
import { differentiable, type Graph, integers, node, scalar, type Value } from './Graph.ts'
import { product } from './linear.ts'

/**
 * The negative log-likelihood of `labels` [m], times `weight` (a scalar input, 1 / tokens of the whole step), summed.
 * `hidden` [m, width] are the rows that have a label; `head` [vocabulary, width]. The head's product is part of the
 * operation so that the weight is applied to the narrow side, not to m × vocabulary numbers.
 * @returns the loss, and each row's own log-likelihood
 */
export function crossEntropy(
  g: Graph,
  hidden: Value,
  head: Value,
  labels: Value,
  weight: Value,
): { readonly loss: Value; readonly logLikelihoods: Value } {
  const rows = hidden.dims[0] ?? 0
  const dims = [rows, head.dims[0] ?? 0]
  const logits = product(g, hidden, head, { transB: true, dims })
  const logs = node(g, 'LogSoftmax', [logits], dims, { attributes: { axis: -1 } })
  const at = node(g, 'Unsqueeze', [labels, integers(g, [1])], [rows, 1], { type: labels.type })
  const picked = node(g, 'GatherElements', [logs, at], [rows, 1], { attributes: { axis: 1 } })
  const sum = node(g, 'ReduceSum', [picked], [], { attributes: { keepdims: 0 } })
  const loss = node(g, 'Mul', [node(g, 'Neg', [sum], []), weight], [])
  differentiable(g, loss, (dy, gradients) => {
    // d loss/d logits = (softmax − one-hot) · weight
    const minusOne = node(g, 'Sub', [node(g, 'Exp', [picked], [rows, 1]), scalar(g, 1)], [rows, 1])
    const dLogits = node(g, 'ScatterElements', [node(g, 'Exp', [logs], dims), at, minusOne], dims, {
      attributes: { axis: 1 },
    })
    const factor = node(g, 'Mul', [dy, weight], [])
    if (head.tracked) {
      const scaled = times(g, hidden, factor)
      gradients.add(head, (sum) => product(g, dLogits, scaled, { transA: true, sum, dims: head.dims }))
    }
    if (hidden.tracked)
      accumulate(g, gradients, hidden, times(g, product(g, dLogits, head, { dims: hidden.dims }), factor))
  })
  return { loss, logLikelihoods: picked }
}
