/** What benches and tests outside this package build with. */
export { greedyDecode } from './decode.ts'
export { input, modelBytes, newGraph, output, type Value } from './graph/Graph.ts'
export { product } from './graph/linear.ts'
export { openSession, type Tensor } from './session.ts'
export { type Example, packRows } from './train/batch.ts'
export { openTrainer, singlePrecision } from './train/trainer.ts'
