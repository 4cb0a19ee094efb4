export { type FetchOptions, fetchBlob } from './fetchBlob.ts'
export { type HttpStoreOptions, httpStore } from './httpStore.ts'
export type { Fetch } from './request.ts'
export type { ByteRange, Store, StoreFault, StoreHealth } from './Store.ts'
