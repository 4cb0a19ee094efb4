import { randomBytes } from 'node:crypto'
import { renameSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobRef, blobPath } from '@allod/content'
import { newBlobHash } from './blobHash.ts'
import { fail } from './errors.ts'

export type DiskOptions = {
  /** The folder that holds everything. */
  readonly dir: string
  /** Most bytes of blobs; null for as many as the disk takes. */
  readonly quotaBytes: number | null
  /** Free bytes that are left to the rest of the machine. */
  readonly reserveBytes: number
  /** False only where figures without fsync are wanted: a blob may then be lost with the power. */
  readonly isSynced: boolean
}

/** Something to write, and how its name is checked. */
export type Upload = {
  readonly sizeBytes: number
  readonly chunkBytes: number
  readonly pieces: AsyncIterable<Uint8Array>
}

/** Blobs in files. What is there was whole when it came: files appear by rename, after a check and a sync. */
export type Disk = {
  /**
   * In the place of what is there, which a disk may have spoiled.
   * @throws store/digest-mismatch, store/size-mismatch, store/quota-exceeded, store/disk-full
   */
  write(ref: BlobRef, upload: Upload): Promise<void>
  /** Size of a blob in bytes, or null. */
  sizeOf(ref: BlobRef): Promise<number | null>
  /** The open file of a blob, or null. The caller closes it. */
  read(ref: BlobRef): Promise<{ readonly file: FileHandle; readonly sizeBytes: number } | null>
  usedBytes(): number
  /** Bytes that can still be taken. */
  freeBytes(): Promise<number>
}

// Writes are gathered into this much, so that small network pieces do not each cost a trip to the disk.
const GATHER_BYTES = 1 << 20

/** Opens a store's folder, sweeping what a crash left half written. */
export async function openDisk({ dir, quotaBytes, reserveBytes, isSynced }: DiskOptions): Promise<Disk> {
  const incoming = join(dir, 'incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  let used = (await sizeOfTree(join(dir, 'blobs'))) + (await sizeOfTree(join(dir, 'packs')))
  let promised = 0
  const pathOf = (ref: BlobRef): string => {
    const [kind, name] = blobPath(ref).split('/') as [string, string]
    return join(dir, kind, name.slice(0, 2), name)
  }
  const room = async (): Promise<{ byQuota: number; byDisk: number }> => {
    const { bavail, bsize } = await statfs(dir)
    return {
      byQuota: quotaBytes === null ? Number.MAX_SAFE_INTEGER : quotaBytes - used - promised,
      byDisk: bavail * bsize - reserveBytes - promised,
    }
  }
  return {
    async write(ref, upload) {
      const { byQuota, byDisk } = await room()
      if (upload.sizeBytes > byQuota + sizeNow(pathOf(ref)))
        throw fail('quota-exceeded', { expected: byQuota, actual: upload.sizeBytes })
      if (upload.sizeBytes > byDisk) throw fail('disk-full', { expected: byDisk, actual: upload.sizeBytes })
      promised += upload.sizeBytes
      const temporary = join(incoming, randomBytes(16).toString('hex'))
      try {
        await receive(temporary, ref, upload, isSynced)
        const path = pathOf(ref)
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        // Both steps without a pause between, so that two uploads of one blob are counted once.
        const before = sizeNow(path)
        renameSync(temporary, path)
        used += upload.sizeBytes - before
        if (isSynced) await syncFolders(dir, path)
      } catch (error) {
        throw asDiskFull(error)
      } finally {
        promised -= upload.sizeBytes
        await rm(temporary, { force: true })
      }
    },
    sizeOf: async (ref) => (await stat(pathOf(ref)).catch(ifMissing))?.size ?? null,
    async read(ref) {
      const file = await open(pathOf(ref)).catch(ifMissing)
      return file === null ? null : { file, sizeBytes: (await file.stat()).size }
    },
    usedBytes: () => used,
    async freeBytes() {
      const { byQuota, byDisk } = await room()
      return Math.max(0, Math.min(byQuota, byDisk))
    },
  }
}

async function receive(path: string, ref: BlobRef, upload: Upload, isSynced: boolean): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = newBlobHash(ref.kind, upload.chunkBytes)
    let size = 0
    let gathered: Uint8Array[] = []
    let gatheredBytes = 0
    const flush = async (): Promise<void> => {
      if (gatheredBytes > 0) await writeAll(file, gathered, gatheredBytes)
      gathered = []
      gatheredBytes = 0
    }
    for await (const piece of upload.pieces) {
      size += piece.length
      if (size > upload.sizeBytes) break
      hash.update(piece)
      gathered.push(piece)
      gatheredBytes += piece.length
      if (gatheredBytes >= GATHER_BYTES) await flush()
    }
    if (size !== upload.sizeBytes) throw fail('size-mismatch', { expected: upload.sizeBytes, actual: size })
    const actual = hash.digest()
    if (actual !== ref.digest) throw fail('digest-mismatch', { expected: ref.digest, actual })
    await flush()
    if (isSynced) await file.datasync()
  } finally {
    await file.close()
  }
}

async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], sizeBytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces)
  // A short write happens where the disk fills up; writing the rest then says so.
  if (bytesWritten < sizeBytes) await file.writeFile(Buffer.concat(pieces).subarray(bytesWritten))
}

/** A rename is lasting once its folder is synced; a new folder, once its own parent is. */
async function syncFolders(dir: string, path: string): Promise<void> {
  for (let folder = dirname(path); folder.length >= dir.length; folder = dirname(folder)) {
    const handle = await open(folder)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

async function sizeOfTree(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(ifMissing)
  let total = 0
  for (const entry of entries ?? []) if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size
  return total
}

const sizeNow = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

function asDiskFull(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOSPC' || code === 'EDQUOT' ? fail('disk-full', { cause: error }) : error
}
