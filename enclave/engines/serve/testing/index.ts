export { nextLogProbabilities } from './nextLogProbabilities.ts'
export { openai, type Running, startTiny, writeInputs } from './startTiny.ts'
export { type TinyShape, tinyAdapter, tinyModel } from './tinyModel.ts'
export { unixFetch } from './unixFetch.ts'
