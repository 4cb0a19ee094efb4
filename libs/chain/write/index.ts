export { type ChainWriter, chainWriter, type Written } from './chainWriter.ts'
export { isSending } from './isSending.ts'
