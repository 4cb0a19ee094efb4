import { expect, it } from 'vitest'
import { adamw, gradientNorm, slot } from './adamw.ts'
import { rateAt } from './schedule.ts'

const OPTIONS = { rate: 0.1, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0, gradientScale: 1 }

it('takes a first step of the rate’s length, against the gradient', () => {
  const s = slot('w', [3], Float32Array.of(1, 1, 1))
  s.gradient.set([5, -0.01, 0])
  adamw(s, { ...OPTIONS, step: 1 })
  expect([...s.value]).toEqual([0.9, 1.1, 1].map((x) => expect.closeTo(x, 5)))
})

it('follows the textbook over several steps', () => {
  const s = slot('w', [1, 1], Float32Array.of(0.5))
  let [value, mean, square] = [0.5, 0, 0]
  for (let step = 1; step <= 5; step++) {
    const gradient = Math.sin(step)
    s.gradient[0] = gradient
    adamw(s, { ...OPTIONS, step, decay: 0.1, gradientScale: 0.5 })
    const g = gradient / 2
    mean = 0.9 * mean + 0.1 * g
    square = 0.98 * square + 0.02 * g * g
    const update = mean / (1 - 0.9 ** step) / (Math.sqrt(square / (1 - 0.98 ** step)) + 1e-8)
    value -= 0.1 * (update + 0.1 * value)
  }
  expect(s.value[0]).toBeCloseTo(value, 5)
})

it('decays matrices but not vectors', () => {
  const [matrix, vector] = [slot('m', [1, 1], Float32Array.of(1)), slot('v', [1], Float32Array.of(1))]
  for (const s of [matrix, vector]) adamw(s, { ...OPTIONS, step: 1, decay: 0.5 })
  expect([matrix.value[0], vector.value[0]]).toEqual([expect.closeTo(0.95, 6), 1])
})

it('measures all gradients as one vector', () => {
  const [a, b] = [slot('a', [1], new Float32Array(1)), slot('b', [2], new Float32Array(2))]
  a.gradient.set([3])
  b.gradient.set([0, 4])
  expect(gradientNorm([a, b])).toBe(5)
})

it('warms up in a straight line, then falls along a cosine to a twentieth', () => {
  const schedule = { peak: 2, steps: 110, warmUp: 10 / 110 }
  expect([1, 5, 10].map((s) => rateAt(s, schedule))).toEqual([0.2, 1, 2])
  expect(rateAt(60, schedule)).toBeCloseTo(2 * 0.525, 6)
  expect(rateAt(110, schedule)).toBeCloseTo(0.1, 6)
  expect(rateAt(1, { peak: 1, steps: 1, warmUp: 0.05 })).toBeCloseTo(0.05, 6)
})
