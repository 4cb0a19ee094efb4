import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type BuildFile, buildDigest, errorsOf, type Hex } from '@allod/protocol'
import { GUEST_PATHS } from './guestCommand.ts'

/** Who answers for a file: us, an npm package pinned by hash, or the platform. */
export type Layer = 'ours' | 'npm' | 'platform'

/** One file to stage: where it comes from, and where it lies in the root filesystem. */
export type StagedSource = {
  /** Path without a leading slash, such as `app/main.mjs`. */
  readonly path: string
  readonly from: string | Uint8Array
  readonly layer: Layer
  readonly isExecutable?: boolean
}

export type StagedFile = BuildFile & { readonly sizeBytes: number; readonly layer: Layer }

/** The root filesystem of a guest, not yet written: what it will be measured as, and where each file comes from. */
export type PlannedRootfs = {
  readonly build: Hex
  readonly files: readonly (StagedFile & { readonly from: string | Uint8Array })[]
}

const fail = errorsOf('environments', {
  'missing-library': ['a program needs a library that is not installed', 'install the package that brings it'],
  'file-staged-twice': ['two different files claim one path of the root filesystem', 'rename one of them'],
})

const PIECE_BYTES = 1 << 20

/** Empty folders where the sandbox mounts things. */
const MOUNT_POINTS = ['proc', 'dev', 'tmp', 'run', 'work', 'out', 'in', 'engine', 'app', 'bin', 'lib', 'lib64']

/** Absolute paths of the platform's programs to include; what starts an inner sandbox is null where there is to be none. */
export type StagedPrograms = { readonly bwrap: string | null; readonly prlimit: string | null; readonly node?: string }

/**
 * Measures the root filesystem of a guest before any of it is written: node, bubblewrap and prlimit with the libraries they
 * load, our bundles and nothing else. The list and the digest depend on paths, modes and bytes only.
 * @throws environments/missing-library, environments/file-staged-twice
 */
export function planRootfs(sources: readonly StagedSource[], programs: StagedPrograms): PlannedRootfs {
  const executables = { node: programs.node ?? process.execPath, bwrap: programs.bwrap, prlimit: programs.prlimit }
  const platform = Object.entries(executables).flatMap(([name, from]): StagedSource[] =>
    from === null ? [] : [{ path: `bin/${name}`, from: realpathSync(from), layer: 'platform', isExecutable: true }],
  )
  // The chip binds the launch configuration over it.
  const config: StagedSource = { path: GUEST_PATHS.config, from: new Uint8Array(), layer: 'platform' }
  const natives = sources.filter((s) => typeof s.from === 'string' && /\.(node|so[.\d]*)$/.test(s.from))
  const loaders = [...platform, ...natives].map((s) => s.from as string)
  const libraries = librariesOf(loaders).map(
    (path): StagedSource => ({ path: path.slice(1), from: realpathSync(path), layer: 'platform', isExecutable: true }),
  )
  const files = [...platform, config, ...libraries, ...sources].map(({ path, from, layer, isExecutable = false }) => ({
    ...{ path, from, layer, mode: isExecutable ? 0o555 : 0o444 },
    ...digestOf(from),
  }))
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  for (let i = 1; i < files.length; i++)
    if (files[i]?.path === files[i - 1]?.path) throw fail('file-staged-twice', { actual: files[i]?.path })
  return { build: buildDigest(files.map(({ path, mode, sha256 }) => ({ path, mode, sha256 }))), files }
}

/**
 * Writes it. World-readable, because a launcher that is root steps down to another user. A file that changed since it was
 * measured makes another build, as whoever launches this one finds.
 * @param dir a new folder
 */
export function stageRootfs({ files }: PlannedRootfs, dir: string): void {
  mkdirSync(dir, { recursive: true })
  chmodSync(dir, 0o755)
  for (const folder of MOUNT_POINTS) mkdirSync(join(dir, folder), { recursive: true, mode: 0o755 })
  for (const { path, from, mode } of files) {
    const to = join(dir, path)
    mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
    if (typeof from === 'string') copyFileSync(from, to, constants.COPYFILE_EXCL)
    else writeFileSync(to, from, { flag: 'wx' })
    chmodSync(to, mode)
  }
}

/** In pieces, since memory for a whole program costs more than its hashing. */
function digestOf(from: string | Uint8Array): { readonly sha256: Hex; readonly sizeBytes: number } {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const add = (bytes: Uint8Array): void => {
    hash.update(bytes)
    sizeBytes += bytes.length
  }
  if (typeof from === 'string') eachPiece(from, add)
  else add(from)
  return { sha256: `0x${hash.digest('hex')}`, sizeBytes }
}

function eachPiece(path: string, add: (bytes: Uint8Array) => void): void {
  const piece = new Uint8Array(PIECE_BYTES)
  const file = openSync(path, 'r')
  try {
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece)) add(piece.subarray(0, n))
  } finally {
    closeSync(file)
  }
}

// Only what the platform brings; libraries beside a native addon are staged by whoever stages the addon.
function librariesOf(programs: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const program of programs) {
    const listing = execFileSync('ldd', [program], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } })
    for (const line of listing.split('\n')) {
      if (line.includes('not found')) throw fail('missing-library', { actual: line.trim(), meta: { program } })
      const path = /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1]
      if (path !== undefined && /^(?:\/usr)?\/lib/.test(path)) found.add(path)
    }
  }
  return [...found].sort()
}
