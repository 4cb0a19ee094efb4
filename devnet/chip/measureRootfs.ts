import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type BuildFile, buildDigest, errorsOf, type Hex } from '@allod/protocol'

export type Measured = {
  readonly build: Hex
  readonly files: readonly BuildFile[]
  readonly folders: readonly string[]
}

const fail = errorsOf('chip', {
  'rootfs-refused': [
    'the root filesystem holds something that cannot be measured',
    'stage it anew; it may hold regular files and folders only, at most 4,096 and 4 GiB',
  ],
})

const MAX_ENTRIES = 8192
const MAX_BYTES = 4 * 2 ** 30
const PIECE_BYTES = 1 << 20

/**
 * Measures every file of a root filesystem, through one open descriptor each; with `copyTo`, writes the very bytes it
 * hashes to a new folder.
 * @throws chip/rootfs-refused for links, devices, too many files or too many bytes
 */
export async function measureRootfs(rootfs: string, copyTo?: string): Promise<Measured> {
  const { paths, folders } = await list(rootfs)
  const files: BuildFile[] = []
  let budget = MAX_BYTES
  if (copyTo !== undefined)
    for (const folder of ['', ...folders]) await mkdir(join(copyTo, folder), { recursive: true, mode: 0o755 })
  for (const path of paths) {
    const { file, sizeBytes } = await measureFile(rootfs, path, budget, copyTo)
    budget -= sizeBytes
    files.push(file)
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { build: buildDigest(files), files, folders }
}

async function list(rootfs: string): Promise<{ readonly paths: string[]; readonly folders: string[] }> {
  const paths: string[] = []
  const folders: string[] = []
  const queue = ['']
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const entry of await readdir(join(rootfs, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        folders.push(path)
        queue.push(path)
      } else if (entry.isFile()) paths.push(path)
      else throw fail('rootfs-refused', { actual: path })
      if (paths.length + folders.length > MAX_ENTRIES) throw fail('rootfs-refused', { expected: MAX_ENTRIES })
    }
  }
  folders.sort()
  return { paths, folders }
}

async function measureFile(
  rootfs: string,
  path: string,
  budget: number,
  copyTo: string | undefined,
): Promise<{ readonly file: BuildFile; readonly sizeBytes: number }> {
  const from = await open(join(rootfs, path), constants.O_RDONLY | constants.O_NOFOLLOW)
  let to: FileHandle | undefined
  try {
    const mode = (await from.stat()).mode & 0o777
    to = copyTo === undefined ? undefined : await open(join(copyTo, path), 'wx', mode)
    const hash = createHash('sha256')
    const piece = Buffer.allocUnsafe(PIECE_BYTES)
    let sizeBytes = 0
    for (;;) {
      const { bytesRead } = await from.read(piece, 0, PIECE_BYTES, null)
      if (bytesRead === 0) break
      sizeBytes += bytesRead
      if (sizeBytes > budget) throw fail('rootfs-refused', { expected: `${MAX_BYTES} bytes`, actual: path })
      hash.update(piece.subarray(0, bytesRead))
      await to?.writeFile(piece.subarray(0, bytesRead))
    }
    await to?.chmod(mode)
    return { file: { path, mode, sha256: `0x${hash.digest('hex')}` }, sizeBytes }
  } finally {
    await from.close()
    await to?.close()
  }
}
