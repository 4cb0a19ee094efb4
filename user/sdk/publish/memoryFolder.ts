import type { FolderSource } from '@allod/content'
import { utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import { readRows } from './readRows.ts'

/** A folder that is held in memory. */
export function memoryFolder(files: ReadonlyMap<string, Uint8Array>): FolderSource {
  const names = [...files.keys()].sort()
  return {
    files: names.map((path) => ({ path, sizeBytes: files.get(path)?.length ?? 0, isExecutable: false })),
    async *read({ path }) {
      const bytes = files.get(path)
      if (bytes !== undefined && bytes.length > 0) yield bytes
    },
  }
}

/** The first rows of a dataset, as a dataset of its own, to try a job with. @throws sdk/bad-dataset where it has no row */
export async function sampleDataset(folder: FolderSource, rows: number): Promise<FolderSource> {
  const dataset = await readRows(folder)
  const lines = dataset.rows.slice(0, rows).map(({ messages }) => JSON.stringify({ messages }))
  if (lines.length === 0) throw fail('bad-dataset', { actual: 'no row at all' })
  return memoryFolder(new Map([['sample.jsonl', utf8(`${lines.join('\n')}\n`)]]))
}
