import { readdirSync, readFileSync } from 'node:fs'

const MAX_PROCESSES = 4096

/**
 * Memory that a process and everything below it hold, in bytes: anonymous pages and shared memory; files mapped from
 * disk are not counted. Processes that end meanwhile count as nothing. Linux only.
 */
export function treeMemory(pid: number): number {
  const queue = [pid]
  let bytes = 0
  for (let seen = 0; queue.length > 0 && seen < MAX_PROCESSES; seen++) {
    const next = queue.pop() as number
    bytes += residentBytes(next)
    queue.push(...childrenOf(next))
  }
  return bytes
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
