import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Bytes and entries under a folder, links not followed; stops counting beyond `maxEntries`. What vanishes meanwhile
 * counts as nothing.
 */
export function folderSize(folder: string, maxEntries: number): { readonly bytes: number; readonly entries: number } {
  const queue = [folder]
  let bytes = 0
  let entries = 0
  for (let next = queue.pop(); next !== undefined && entries <= maxEntries; next = queue.pop()) {
    for (const name of namesIn(next)) {
      const path = join(next, name)
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found === undefined) continue
      entries++
      if (found.isDirectory()) queue.push(path)
      else bytes += found.size
      if (entries > maxEntries) break
    }
  }
  return { bytes, entries }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
