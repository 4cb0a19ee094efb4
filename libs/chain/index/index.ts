export { type ChainIndex, type IndexOptions, openIndex } from './openIndex.ts'
export type {
  IndexedClaim,
  IndexedObject,
  IndexedOffer,
  IndexedOrder,
  IndexedProvider,
} from './queries.ts'
