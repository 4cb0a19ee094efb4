import type { FolderSource } from '@allod/content'
import type { Journal } from '@allod/content/seal'
import { type Hex, hex, oneOf, record, type Shaped } from '@allod/protocol'

/** What a sealing made, and of what: enough to know the same content again. Holds no key. */
export const sealedNoteShape = record({
  version: oneOf(1),
  /** Hash of contents, name, policy and place. */
  identity: hex(32),
  manifestHash: hex(32),
})
export type SealedNote = Shaped<typeof sealedNoteShape>

/** A folder whose bytes are hashed while they are read. */
export type WatchedFolder = {
  readonly folder: FolderSource
  /** Of names and bytes of all files; reads what was not read yet. */
  readonly fingerprint: () => Promise<Hex>
}

/**
 * Lets whatever was broken off go on: chunk by chunk until an object is stored, and from then on with that object, so that
 * it is registered, offered and ordered with once.
 */
export type SealingJournal = {
  readonly chunks: Journal
  readonly watch: (folder: FolderSource) => WatchedFolder
  readonly note: () => Promise<SealedNote | null>
  readonly keep: (note: SealedNote) => Promise<void>
}
