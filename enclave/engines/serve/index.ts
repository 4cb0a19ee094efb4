export type { Addon, LlamaContext, LlamaModel, LlamaSampler } from './llama/addon.ts'
export { type ModelFiles, type ModelOptions, type OpenModel, openModel } from './llama/openModel.ts'
export { openInputs } from './openInputs.ts'
