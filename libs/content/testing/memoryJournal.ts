import { concat, type Hex, Secret, toHex } from '@allod/protocol'
import { LEAF_BYTES } from '../merkle.ts'
import type { Journal, JournalStart } from '../seal/Journal.ts'

/** A journal that a test can look into. */
export type MemoryJournal = Journal & { leafCount(): number; key(): Hex }

export function memoryJournal(): MemoryJournal {
  let start: JournalStart | null = null
  let leaves: Uint8Array = new Uint8Array()
  const copy = (s: JournalStart): JournalStart => ({ ...s, dek: new Secret(s.dek.expose().slice()) })
  return {
    load: async () => (start === null ? null : { start: copy(start), leafCount: leaves.length / LEAF_BYTES }),
    async begin(given) {
      start = copy(given)
      leaves = new Uint8Array()
    },
    async append(more) {
      leaves = concat(leaves, more)
    },
    leaves: async (first, end) => leaves.slice(first * LEAF_BYTES, end * LEAF_BYTES),
    async clear() {
      start = null
    },
    close: async () => {},
    leafCount: () => leaves.length / LEAF_BYTES,
    key: () => toHex(start?.dek.expose() ?? new Uint8Array()),
  }
}
