export { type ChainWriter, chainWriter, type Written } from './chainWriter.ts'
