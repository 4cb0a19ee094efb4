import { bytesField, floatField, joined, type Piece, varintField } from './protobuf.ts'

/** A length known when the graph is built, or the name of one that a run brings. */
export type Dim = number | string

export type ElementType = 'float32' | 'int32' | 'int64'

/** A tensor in the graph. `tracked` says that gradients flow through it. */
export type Value = {
  readonly name: string
  readonly dims: readonly Dim[]
  readonly type: ElementType
  readonly tracked: boolean
}

type Attributes = { readonly [name: string]: number | string | readonly number[] | { readonly float: number } }

/** Emits the gradients of an operation's inputs, given its output's. */
type Backward = (dy: Value, gradients: Gradients) => void

/** Gradients gathered on the way back. */
export type Gradients = {
  /** Adds to `value`'s gradient; the sum so far is offered so that an operation can fold the addition into itself. */
  readonly add: (value: Value, contribution: (sum: Value | undefined) => Value) => void
}

/** An ONNX graph under construction, with the tape that reverses it. */
export type Graph = {
  readonly nodes: Piece[]
  readonly initialisers: Piece[]
  readonly inputs: Piece[]
  readonly outputs: Piece[]
  readonly tape: { readonly output: Value; readonly backward: Backward }[]
  readonly constants: Map<string, Value>
  count: number
}

const ELEMENT_CODES = { float32: 1, int32: 6, int64: 7 } as const
const IR_VERSION = 10
const OPSET = 21
const EXTERNAL = 1

export function newGraph(): Graph {
  return { nodes: [], initialisers: [], inputs: [], outputs: [], tape: [], constants: new Map(), count: 0 }
}

/** A tensor that each run brings. */
export function input(g: Graph, name: string, type: ElementType, dims: readonly Dim[], tracked = false): Value {
  g.inputs.push(bytesField(11, valueInfo(name, type, dims)))
  return { name, type, dims, tracked }
}

/**
 * A tensor that never changes and is packed once by the executor. Its numbers stay outside the model's bytes, which a
 * protocol buffer holds to two gigabytes; they are handed over when the graph is opened, under the tensor's name.
 */
export function initialiser(g: Graph, name: string, dims: readonly number[]): Value {
  const entry = (key: string, value: string): Piece => bytesField(13, [bytesField(1, key), bytesField(2, value)])
  g.initialisers.push(
    bytesField(5, [
      ...dims.map((d) => varintField(1, d)),
      varintField(2, ELEMENT_CODES.float32),
      bytesField(8, name),
      entry('location', name),
      entry('offset', '0'),
      entry('length', String(4 * dims.reduce((a, b) => a * b, 1))),
      varintField(14, EXTERNAL),
    ]),
  )
  return { name, type: 'float32', dims, tracked: false }
}

/** A small constant; equal ones are shared. */
export function constant(g: Graph, dims: readonly number[], data: Float32Array | BigInt64Array | Int32Array): Value {
  const type: ElementType = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'int64'
  const key = data.length <= 16 ? `${type}:${dims}:${data}` : `unique:${g.count}`
  const known = g.constants.get(key)
  if (known) return known
  const name = `c${g.count++}`
  g.initialisers.push(bytesField(5, tensor(name, type, dims, data)))
  const value: Value = { name, type, dims, tracked: false }
  g.constants.set(key, value)
  return value
}

/** A float scalar. */
export const scalar = (g: Graph, value: number): Value => constant(g, [], Float32Array.of(value))

/** A list of 64-bit integers, as shapes and axes are written. */
export const integers = (g: Graph, values: readonly number[]): Value =>
  constant(g, [values.length], BigInt64Array.from(values.map(BigInt)))

/** Adds a node with one output. Its gradient is the caller's to record. */
export function node(
  g: Graph,
  operator: string,
  inputs: readonly Value[],
  dims: readonly Dim[],
  options: { readonly attributes?: Attributes; readonly domain?: string; readonly type?: ElementType } = {},
): Value {
  return nodes(g, operator, inputs, [dims], options)[0] as Value
}

/** Adds a node with several outputs. */
export function nodes(
  g: Graph,
  operator: string,
  inputs: readonly Value[],
  outputDims: readonly (readonly Dim[])[],
  options: { readonly attributes?: Attributes; readonly domain?: string; readonly type?: ElementType } = {},
): readonly Value[] {
  const tracked = inputs.some((v) => v.tracked)
  const outputs = outputDims.map((dims) => {
    const name = `t${g.count++}`
    return { name, dims, type: options.type ?? 'float32', tracked } satisfies Value
  })
  g.nodes.push(
    bytesField(1, [
      ...inputs.map((v) => bytesField(1, v.name)),
      ...outputs.map((v) => bytesField(2, v.name)),
      bytesField(4, operator),
      ...Object.entries(options.attributes ?? {}).map(([k, v]) => bytesField(5, attribute(k, v))),
      ...(options.domain ? [bytesField(7, options.domain)] : []),
    ]),
  )
  return outputs
}

/** Records how an output's gradient becomes its inputs'. Nothing is recorded where no gradient flows. */
export function differentiable(g: Graph, output: Value, backward: Backward): Value {
  if (output.tracked) g.tape.push({ output, backward })
  return output
}

/** Makes a value an output of the graph, under its own name. */
export function output(g: Graph, value: Value): Value {
  g.outputs.push(bytesField(12, valueInfo(value.name, value.type, value.dims)))
  return value
}

/**
 * Walks the tape back from `loss`, whose gradient is 1, and returns the gradient of each of `targets`.
 * @throws Error where the loss does not depend on a target
 */
export function backward(g: Graph, loss: Value, targets: readonly Value[]): readonly Value[] {
  const sums = new Map<string, Value>([[loss.name, scalar(g, 1)]])
  const gradients: Gradients = {
    add(value, contribution) {
      if (value.tracked) sums.set(value.name, contribution(sums.get(value.name)))
    },
  }
  for (const step of g.tape.toReversed()) {
    const dy = sums.get(step.output.name)
    if (dy) step.backward(dy, gradients)
  }
  return targets.map((t) => {
    const sum = sums.get(t.name)
    if (!sum) throw new Error(`the loss does not depend on ${t.name}`)
    return sum
  })
}

/** The bytes of the ONNX model. */
export function modelBytes(g: Graph): Uint8Array {
  const graph: Piece = [...g.nodes, bytesField(2, 'g'), ...g.initialisers, ...g.inputs, ...g.outputs]
  return joined([
    varintField(1, IR_VERSION),
    bytesField(7, graph),
    bytesField(8, [bytesField(1, ''), varintField(2, OPSET)]),
    bytesField(8, [bytesField(1, 'com.microsoft'), varintField(2, 1)]),
  ])
}

function attribute(name: string, value: Attributes[string]): Piece {
  const head = bytesField(1, name)
  if (typeof value === 'string') return [head, bytesField(4, value), varintField(20, 3)]
  if (typeof value === 'number') return [head, varintField(3, value), varintField(20, 2)]
  if ('float' in value) return [head, floatField(2, value.float), varintField(20, 1)]
  return [head, ...value.map((x) => varintField(8, x)), varintField(20, 7)]
}

function valueInfo(name: string, type: ElementType, dims: readonly Dim[]): Piece {
  const shape = dims.map((d) => bytesField(1, typeof d === 'number' ? varintField(1, d) : bytesField(2, d)))
  return [
    bytesField(1, name),
    bytesField(2, bytesField(1, [varintField(1, ELEMENT_CODES[type]), bytesField(2, shape)])),
  ]
}

function tensor(
  name: string,
  type: ElementType,
  dims: readonly number[],
  data: Float32Array | BigInt64Array | Int32Array,
): Piece {
  return [
    ...dims.map((d) => varintField(1, d)),
    varintField(2, ELEMENT_CODES[type]),
    bytesField(8, name),
    bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]
}
