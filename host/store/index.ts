export { readKeyFile } from './readKeyFile.ts'
export { type RunningStore, type StoreLimits, type StoreOptions, startStore } from './startStore.ts'
