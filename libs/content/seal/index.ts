export type { Journal, JournalStart } from './Journal.ts'
export { sealFolder } from './sealFolder.ts'
export { type SealedObject, type SealOptions, type SealProgress, sealStream } from './sealStream.ts'
