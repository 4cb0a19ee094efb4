import { MAX_CHUNKS } from '../layout.ts'
import { LEAF_BYTES } from '../merkle.ts'
import type { LeafList } from './Journal.ts'

/** Leaves in memory, for those who keep no journal: 32 bytes for each chunk, nowhere twice. */
export function newLeafList(): LeafList {
  // Room is claimed as it is needed, up to that of the largest object there is.
  const buffer = new ArrayBuffer(0, { maxByteLength: MAX_CHUNKS * LEAF_BYTES })
  const bytes = new Uint8Array(buffer)
  return {
    async append(leaves) {
      const at = buffer.byteLength
      buffer.resize(at + leaves.length)
      bytes.set(leaves, at)
    },
    leaves: async (first, end) => bytes.slice(first * LEAF_BYTES, end * LEAF_BYTES),
  }
}
