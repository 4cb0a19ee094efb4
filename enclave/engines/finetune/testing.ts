/** What benches and tests outside this package build with. */
export { readGeneralText } from './base-model/generalText.ts'
export { greedyDecode } from './decode.ts'
export { input, modelBytes, newGraph, output, type Value } from './graph/Graph.ts'
export { product } from './graph/linear.ts'
export { openSession, type Tensor } from './session.ts'
export { slot } from './train/adamw.ts'
export { openTrainer, singlePrecision } from './train/trainer.ts'
