import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalise, isAllodError, type Json } from '@allod/protocol'
import { type Entry, entryShape, fetchedFrom, newEntry, requestId } from './entry.ts'
import type { CollateralSource } from './source.ts'

/** Collateral changes about once a month; revocation should be seen within the day. */
const MAX_AGE_SECONDS = 24 * 3600

/**
 * Keeps answers on disk. One younger than `maxAgeSeconds` is not asked for again; an older one is, and still serves where the
 * service cannot be reached, because what it says carries its own dates.
 * @param folder made if it is missing; may be removed at any time
 * @param options.now the clock in Unix seconds
 */
export function cachedSource(
  folder: string,
  source: CollateralSource,
  { now, maxAgeSeconds = MAX_AGE_SECONDS }: { readonly now: () => number; readonly maxAgeSeconds?: number },
): CollateralSource {
  return async (request) => {
    const path = join(folder, `${requestId(request).slice(2)}.json`)
    const kept = await read(path)
    if (kept !== null && now() - kept.fetchedAt < maxAgeSeconds && kept.fetchedAt <= now())
      return fetchedFrom(kept, now())
    try {
      const fetched = await source(request)
      // What cannot be kept, on a full disk or in a folder of somebody else, is asked for again.
      await write(folder, path, newEntry(request, fetched, now())).catch(() => {})
      return fetched
    } catch (error) {
      if (kept === null || !isAllodError(error, 'collateral/unreachable')) throw error
      return fetchedFrom(kept, now())
    }
  }
}

async function read(path: string): Promise<Entry | null> {
  try {
    return entryShape(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Absent or torn: both are asked for again.
    return null
  }
}

async function write(folder: string, path: string, entry: Entry): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, canonicalise(entry as Json), { mode: 0o600 })
    await rename(draft, path)
  } finally {
    await rm(draft, { force: true })
  }
}
