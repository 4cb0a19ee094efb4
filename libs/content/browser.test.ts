import { afterAll, describe, expect, it, vi } from 'vitest'
import { rawBody, rawRef } from './blob.ts'
import { openFolder } from './open/openFolder.ts'
import { nodeCrypto } from './platform.ts'
import { sealFolder } from './seal/sealFolder.ts'
import { signStorageReceipt } from './storageReceipt.ts'
import { httpStore } from './stores/httpStore.ts'
import { folderOf, owner, sealOptions, testBytes } from './testing/fixtures.ts'
import { memoryFolder } from './testing/memoryFolder.ts'
import { memoryStore } from './testing/memoryStore.ts'

// As in a browser, where nobody offers Node's modules.
const { before } = vi.hoisted(() => {
  const before = process.getBuiltinModule
  process.getBuiltinModule = undefined as never
  return { before }
})
afterAll(() => {
  process.getBuiltinModule = before
})

describe('without Node', () => {
  it('a folder is sealed and opened by WebCrypto alone', async () => {
    expect(nodeCrypto).toBeNull()
    const stores = [memoryStore(), memoryStore()]
    const files = { 'a.bin': testBytes(200_000), b: testBytes(10) }
    const { manifest, dek } = await sealFolder(folderOf(files), await sealOptions(stores, { isPadded: true }))
    const folder = memoryFolder()
    await openFolder({ manifest, dek, stores }, folder)
    expect(Buffer.compare(folder.files.get('a.bin')?.bytes as Uint8Array, files['a.bin'])).toBe(0)
  })

  it('an upload goes as a Blob, for browsers cannot stream one', async () => {
    const ref = rawRef(`0x${'11'.repeat(32)}`)
    const bodies: unknown[] = []
    const store = httpStore({
      url: 'https://store',
      address: owner.address,
      fetch: async (_, { body }) => {
        bodies.push(body)
        return new Response(JSON.stringify(signStorageReceipt(owner, { digest: ref.digest, sizeBytes: 5, time: 1 })))
      },
    })
    await store.put(ref, rawBody(testBytes(5)))
    expect(bodies[0]).toBeInstanceOf(Blob)
    expect((bodies[0] as Blob).size).toBe(5)
  })
})
