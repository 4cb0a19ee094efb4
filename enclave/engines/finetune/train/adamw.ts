/** A trainable tensor with its optimiser's state. */
export type Slot = {
  readonly name: string
  readonly dims: readonly number[]
  readonly value: Float32Array
  readonly gradient: Float32Array
  readonly mean: Float32Array
  readonly square: Float32Array
}

export type AdamWOptions = {
  readonly rate: number
  /** Counted from 1. */
  readonly step: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly decay: number
  /** Gradients are multiplied by this first: what clipping asks for. */
  readonly gradientScale: number
}

/** A slot with fresh state. */
export function slot(name: string, dims: readonly number[], value: Float32Array): Slot {
  const fresh = (): Float32Array => new Float32Array(value.length)
  return { name, dims, value, gradient: fresh(), mean: fresh(), square: fresh() }
}

/** One AdamW update in place. Vectors (norms, biases) are not decayed. */
export function adamw(target: Slot, options: AdamWOptions): void {
  const { value, gradient, mean, square } = target
  const { beta1, beta2, epsilon, gradientScale } = options
  const keep = 1 - options.rate * (target.dims.length > 1 ? options.decay : 0)
  const rate = options.rate / (1 - beta1 ** options.step)
  const correction = 1 / (1 - beta2 ** options.step)
  const [fresh1, fresh2] = [1 - beta1, 1 - beta2]
  for (let i = 0; i < value.length; i++) {
    const g = (gradient[i] as number) * gradientScale
    const m = beta1 * (mean[i] as number) + fresh1 * g
    const v = beta2 * (square[i] as number) + fresh2 * g * g
    mean[i] = m
    square[i] = v
    value[i] = keep * (value[i] as number) - (rate * m) / (Math.sqrt(v * correction) + epsilon)
  }
}

/** The length of all gradients taken as one vector. */
export function gradientNorm(slots: readonly Slot[]): number {
  let sum = 0
  for (const { gradient } of slots) for (let i = 0; i < gradient.length; i++) sum += (gradient[i] as number) ** 2
  return Math.sqrt(sum)
}
