import { existsSync, readdirSync, readFileSync } from 'node:fs'

const MAX_PROCESSES = 4096

/**
 * Memory that a process and everything below it hold, in bytes: anonymous pages and shared memory; files mapped from
 * disk are not counted. Processes that end meanwhile count as nothing. Linux only.
 */
export const treeMemory = (pid: number): number => treeOf(pid).reduce((bytes, each) => bytes + residentBytes(each), 0)

/** A process and everything below it, parents first; at most 4,096. */
export function treeOf(
  pid: number,
  childrenOf: (pid: number) => readonly number[] = listChildren(),
): readonly number[] {
  const tree = [pid]
  for (let i = 0; i < tree.length && tree.length < MAX_PROCESSES; i++) tree.push(...childrenOf(tree[i] as number))
  return tree
}

// A kernel built without CONFIG_PROC_CHILDREN lists none; there every process is asked for its parent.
const listChildren = (): ((pid: number) => readonly number[]) =>
  existsSync(`/proc/${process.pid}/task/${process.pid}/children`) ? childrenByThread : childrenByParent()

/** Children of a process as the threads that forked them list them. */
export function childrenByThread(pid: number): readonly number[] {
  return namesIn(`/proc/${pid}/task`).flatMap((thread) => {
    const children = readOrNothing(`/proc/${pid}/task/${thread}/children`).trim()
    return children === '' ? [] : children.split(' ').map(Number)
  })
}

/** The same from a single look at every process. */
export function childrenByParent(): (pid: number) => readonly number[] {
  const children = new Map<number, number[]>()
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    // The name in parentheses may hold anything; the parent is the second field after it.
    const parent = Number(/\) \S (\d+) [^)]*$/.exec(readOrNothing(`/proc/${pid}/stat`))?.[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)])
  }
  return (pid) => children.get(pid) ?? []
}

function residentBytes(pid: number): number {
  const status = readOrNothing(`/proc/${pid}/status`)
  let kilobytes = 0
  for (const [, amount] of status.matchAll(/^(?:RssAnon|RssShmem):\s+(\d+) kB$/gm)) kilobytes += Number(amount)
  return kilobytes * 1024
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
