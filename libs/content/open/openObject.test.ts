import { fromHex } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { HEADER_BYTES } from '../header.ts'
import { requireManifest } from '../manifest.ts'
import { sealStream } from '../seal/sealStream.ts'
import { collect, sealOptions, streamed, testBytes } from '../testing/fixtures.ts'
import { memoryStore } from '../testing/memoryStore.ts'
import { fetchManifest } from './fetchManifest.ts'
import { openObject } from './openObject.ts'

const MIB = 1 << 20

async function sealed(length: number, more = {}) {
  const stores = [memoryStore(), memoryStore()]
  const content = testBytes(length)
  const object = await sealStream(() => streamed(content), await sealOptions(stores, more))
  return { stores, content, object, ...object }
}

describe('openObject', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 3 * 65_536, 4 * MIB, 5 * MIB + 17])(
    'returns what was sealed, %i bytes',
    async (length) => {
      const { stores, content, manifestHash, objectId, dek } = await sealed(length)
      const manifest = await fetchManifest(stores, manifestHash)
      requireManifest(manifest, { objectId })
      expect(fromHex(manifest.header).length).toBe(HEADER_BYTES)
      expect(Buffer.compare(await collect(openObject({ manifest, dek, stores })), content)).toBe(0)
    },
  )
})
