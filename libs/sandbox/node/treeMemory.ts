import { readdirSync, readFileSync } from 'node:fs'

const MAX_PROCESSES = 4096

/**
 * Memory that a process and everything below it hold, in bytes: anonymous pages and shared memory; files mapped from
 * disk are not counted. Processes that end meanwhile count as nothing. Linux only.
 */
export const treeMemory = (pid: number): number => treeOf(pid).reduce((bytes, each) => bytes + residentBytes(each), 0)

/** A process and everything below it, parents first; at most 4,096. */
export function treeOf(pid: number): readonly number[] {
  const tree = [pid]
  for (let i = 0; i < tree.length && tree.length < MAX_PROCESSES; i++) tree.push(...childrenOf(tree[i] as number))
  return tree
}

function residentBytes(pid: number): number {
  const status = readOrNothing(`/proc/${pid}/status`)
  let kilobytes = 0
  for (const [, amount] of status.matchAll(/^(?:RssAnon|RssShmem):\s+(\d+) kB$/gm)) kilobytes += Number(amount)
  return kilobytes * 1024
}

// Children are listed by the thread that forked them.
function childrenOf(pid: number): readonly number[] {
  let threads: readonly string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  return threads.flatMap((thread) => {
    const children = readOrNothing(`/proc/${pid}/task/${thread}/children`).trim()
    return children === '' ? [] : children.split(' ').map(Number)
  })
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
