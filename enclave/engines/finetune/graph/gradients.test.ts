import { describe, expect, it } from 'vitest'
import { seeded } from '../random.ts'
import { openSession, type Tensor } from '../session.ts'
import { attention } from './attention.ts'
import { crossEntropy } from './crossEntropy.ts'
import { add, multiply, pickRows, reshape, swiglu } from './elementwise.ts'
import { backward, type Graph, input, integers, modelBytes, newGraph, node, output, type Value } from './Graph.ts'
import { linear, lowRank } from './linear.ts'
import { rmsNorm } from './rmsNorm.ts'
import { rope, ropeTables } from './rope.ts'

type Shapes = Readonly<Record<string, readonly number[]>>
type Build = (g: Graph, inputs: Readonly<Record<string, Value>>) => Value

/** A step at which rounding and curvature are both small, and the error they leave. */
const [STEP, TOLERANCE] = [1 / 64, 2e-3]

/**
 * Builds the operation, weighs each number of its result by a random factor so that no error can cancel, and returns
 * for each input how far its gradient is from central differences, relative to its length.
 */
async function gradientErrors(
  shapes: Shapes,
  build: Build,
  fixed: ReadonlyMap<string, Tensor> = new Map(),
): Promise<number[]> {
  const random = seeded(1)
  const g = newGraph()
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, dims]) => [name, input(g, name, 'float32', dims, true)]),
  )
  const y = build(g, inputs)
  const factors = input(g, 'factors', 'float32', y.dims)
  const loss = output(g, sumOf(g, multiply(g, y, factors)))
  const names = Object.keys(shapes)
  const found = backward(
    g,
    loss,
    names.map((n) => inputs[n] as Value),
  ).map((v) => output(g, v))
  const session = await openSession(modelBytes(g), 1)

  const fill = (dims: readonly number[]): Tensor => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.7 * random.normal())
    return { data, dims }
  }
  const feeds = new Map<string, Tensor>([...fixed, ['factors', fill(y.dims as number[])]])
  for (const [name, dims] of Object.entries(shapes)) feeds.set(name, fill(dims))
  const lossAt = async (): Promise<number> => (await session.run(feeds, [loss.name])).get(loss.name)?.[0] as number
  const gradients = await session.run(
    feeds,
    found.map((v) => v.name),
  )
  const errors: number[] = []
  for (const [i, name] of names.entries()) {
    const analytic = gradients.get(found[i]?.name as string) as Float32Array
    const data = feeds.get(name)?.data as Float32Array
    let [off, size] = [0, 1e-12]
    for (let j = 0; j < data.length; j++) {
      const held = data[j] as number
      data[j] = held + STEP
      const above = await lossAt()
      data[j] = held - STEP
      const below = await lossAt()
      data[j] = held
      const numeric = (above - below) / (2 * STEP)
      off += (numeric - (analytic[j] as number)) ** 2
      size += numeric ** 2
    }
    errors.push(Math.sqrt(off / size))
  }
  await session.close()
  return errors
}

/** The sum of all numbers, with the gradient that a sum has: the same for each. */
function sumOf(g: Graph, x: Value): Value {
  const y = node(g, 'ReduceSum', [x], [], { attributes: { keepdims: 0 } })
  g.tape.push({
    output: y,
    backward: (dy, gradients) =>
      gradients.add(x, () => node(g, 'Expand', [dy, integers(g, x.dims as number[])], x.dims)),
  })
  return y
}

const indices = (...values: readonly number[]): Tensor => ({
  data: BigInt64Array.from(values, BigInt),
  dims: [values.length],
})

/** Nothing after a place is seen from it. */
function causalMask(batch: number, length: number): Tensor {
  const data = new Float32Array(batch * length * length)
  for (let i = 0; i < data.length; i++) if (i % length > Math.floor(i / length) % length) data[i] = -1e9
  return { data, dims: [batch, 1, length, length] }
}

const cases: [name: string, shapes: Shapes, build: Build, fixed?: ReadonlyMap<string, Tensor>][] = [
  ['add', { a: [2, 3], b: [2, 3] }, (g, { a, b }) => add(g, a as Value, b as Value)],
  ['add of a value to itself', { a: [2, 3] }, (g, { a }) => add(g, a as Value, a as Value)],
  ['multiply', { a: [2, 3], b: [2, 3] }, (g, { a, b }) => multiply(g, a as Value, b as Value)],
  ['swiglu', { gate: [3, 4], up: [3, 4] }, (g, { gate, up }) => swiglu(g, gate as Value, up as Value)],
  ['reshape', { a: [2, 6] }, (g, { a }) => reshape(g, a as Value, [3, 4])],
  [
    'pickRows',
    { a: [5, 3] },
    (g, { a }) => pickRows(g, a as Value, input(g, 'at', 'int64', [3])),
    new Map([['at', indices(4, 0, 2)]]),
  ],
  ['linear', { x: [4, 3], w: [5, 3] }, (g, { x, w }) => linear(g, x as Value, w as Value)],
  ['linear with bias', { x: [4, 3], w: [5, 3], b: [5] }, (g, { x, w, b }) => linear(g, x as Value, w as Value, b)],
  [
    'lowRank',
    { base: [4, 5], x: [4, 3], a: [2, 3], b: [5, 2] },
    (g, v) => lowRank(g, v.base as Value, v.x as Value, v.a as Value, v.b as Value, 1.5),
  ],
  ['rmsNorm', { x: [3, 6], w: [6] }, (g, { x, w }) => rmsNorm(g, x as Value, w as Value, 1e-5)],
  [
    'rope',
    { x: [2, 3, 8] },
    (g, { x }) => rope(g, x as Value, input(g, 'at', 'int64', [2, 3]), ropeTables(g, [1, 0.3], 9)),
    new Map([['at', { data: BigInt64Array.from([0, 1, 2, 8, 3, 5], BigInt), dims: [2, 3] }]]),
  ],
  [
    'attention with grouped heads',
    { q: [2, 3, 16], k: [2, 3, 8], v: [2, 3, 8] },
    (g, { q, k, v }) =>
      attention(g, q as Value, k as Value, v as Value, input(g, 'mask', 'float32', [2, 1, 3, 3]), {
        batch: 2,
        length: 3,
        heads: 4,
        kvHeads: 2,
        headSize: 4,
      }),
    new Map([['mask', causalMask(2, 3)]]),
  ],
  [
    'crossEntropy',
    { hidden: [4, 3], head: [7, 3] },
    (g, { hidden, head }) =>
      crossEntropy(
        g,
        hidden as Value,
        head as Value,
        input(g, 'labels', 'int64', [4]),
        input(g, 'weight', 'float32', []),
      ).loss,
    new Map<string, Tensor>([
      ['labels', indices(6, 0, 3, 3)],
      ['weight', { data: Float32Array.of(0.25), dims: [] }],
    ]),
  ],
]

describe('the gradient of', () => {
  it.each(cases)('%s agrees with finite differences', async (_, shapes, build, fixed) => {
    for (const error of await gradientErrors(shapes, build, fixed)) expect(error).toBeLessThan(TOLERANCE)
  })

  it('a wrong operation does not (the check can fail)', async () => {
    const wrong: Build = (g, { a }) => {
      const x = a as Value
      const y = node(g, 'Tanh', [x], x.dims)
      g.tape.push({ output: y, backward: (dy, gradients) => gradients.add(x, () => dy) })
      return y
    }
    expect((await gradientErrors({ a: [6] }, wrong))[0]).toBeGreaterThan(0.05)
  })
})

it('a target that the loss does not depend on is an error', () => {
  const g = newGraph()
  const [a, b] = [input(g, 'a', 'float32', [2], true), input(g, 'b', 'float32', [2], true)]
  expect(() => backward(g, add(g, a, a), [b])).toThrow('does not depend on b')
})
