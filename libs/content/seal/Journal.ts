import type { Secret } from '@allod/protocol'

/** What a sealing needs to go on with after a crash: its key and how it cuts. */
export type JournalStart = {
  readonly dek: Secret
  readonly salt: Uint8Array
  readonly chunkLog2: number
  readonly isPadded: boolean
}

/** The leaves of a sealing so far. */
export type LeafList = {
  /** Adds leaves, in order. */
  append(leaves: Uint8Array): Promise<void>
  /** Leaves `first` up to `end` (exclusive), as they were added. */
  leaves(first: number, end: number): Promise<Uint8Array>
}

/**
 * What survives a crash of the sealer. Under one key and nonce only one plaintext may ever be sealed, so the leaf of a chunk
 * is here before the chunk is sent, and a chunk that is sealed again must equal it. Holds the DEK: keep it as a secret.
 */
export type Journal = LeafList & {
  /**
   * The sealing that was begun, and how many leaves it recorded; null where there is none. From here on until `close` it is
   * this sealing's alone: two that went on with one key could seal different contents under it.
   * @throws content/journal-busy, content/bad-journal
   */
  load(): Promise<{ readonly start: JournalStart; readonly leafCount: number } | null>
  /** Begins another sealing and forgets the last. Durable when it resolves. */
  begin(start: JournalStart): Promise<void>
  /** Adds leaves, in order. Durable when it resolves. */
  append(leaves: Uint8Array): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  /** Lets go of it, so that another sealing may have it. */
  close(): Promise<void>
}
