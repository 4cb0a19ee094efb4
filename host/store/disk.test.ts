import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawRef } from '@allod/content'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDisk } from './disk.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'allod-disk-'))
})
afterAll(() => rm(dir, { recursive: true }))

describe('disk', () => {
  it('says store/disk-full where the system does', async () => {
    const disk = await openDisk({ dir, quotaBytes: null, reserveBytes: 0, isSynced: true })
    async function* pieces() {
      yield new Uint8Array(10)
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    const upload = { sizeBytes: 20, chunkBytes: 0, pieces: pieces() }
    await expect(disk.write(rawRef(`0x${'00'.repeat(32)}`), upload)).rejects.toMatchObject({ code: 'store/disk-full' })
    expect(disk.usedBytes()).toBe(0)
  })
})
