import { errorsOf } from './AllodError.ts'
import type { Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { hex, integer, list, record, type Shaped, text } from './shape.ts'

/** One file of a measured root filesystem. `mode` holds the permission bits only; `sha256` is of the content. */
export type BuildFile = Shaped<typeof buildFile>

const buildFile = record({ path: text(255, /^[^/\0][^\0]*$/), mode: integer(0, 0o777), sha256: hex(32) })

/** Parses the list of files of a build; at most 4,096 of them. */
export const buildFiles = list(buildFile, 4096, 1)

const fail = errorsOf('protocol', {
  'build-not-sorted': [
    'the files of a build are not sorted by path, each once',
    'sort them by UTF-16 units and name each file once',
  ],
})

/**
 * The build digest: SHA-256 over the canonical list of every file in the measured root filesystem.
 * @throws protocol/build-not-sorted
 */
export function buildDigest(files: readonly BuildFile[]): Hex {
  for (let i = 1; i < files.length; i++) {
    const [before, after] = [files[i - 1]?.path ?? '', files[i]?.path ?? '']
    if (before >= after) throw fail('build-not-sorted', { actual: after })
  }
  return documentHash('allod/build/v1', buildFiles(files))
}
