export * from './abi.ts'
export { marketTerms, offerArgs, termsArgs } from './convert.ts'
export { type ChainOptions, chainClient } from './read/chainClient.ts'
export * from './types.ts'
