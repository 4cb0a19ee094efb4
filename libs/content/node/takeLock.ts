import { DatabaseSync } from 'node:sqlite'

/** Held by this process, until it is released or the process ends, however it ends. */
export type Lock = { release(): void }

const SQLITE_BUSY = 5

/**
 * Takes a lock that the operating system keeps. Node has none of its own to offer; the one of an SQLite database without
 * anything in it goes with its process, so there is none to be found left behind, and a process that it starts has none of it.
 * @returns null where somebody else has it, or this process already
 */
export function takeLock(path: string): Lock | null {
  const database = new DatabaseSync(path)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if ((cause as { readonly errcode?: unknown }).errcode === SQLITE_BUSY) return null
    throw cause
  }
  return { release: () => database.close() }
}
