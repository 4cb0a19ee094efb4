import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type Layout, processNames, runningPid } from '@allod/devnet'
import type { Hex } from '@allod/protocol'

/** What may be killed: a process of the network, or the enclave that works on the order. */
export type Victim = (typeof processNames)[number] | 'enclave'
export const victims: readonly Victim[] = [...processNames, 'enclave']

/** Ends a process the hard way, and waits until it is gone. False where it does not run now. */
export async function killVictim(layout: Layout, runtimeBuild: Hex, victim: Victim): Promise<boolean> {
  const pid = victim === 'enclave' ? enclavePid(layout, runtimeBuild) : runningPid(layout.processes, victim)
  if (pid === null) return false
  process.kill(pid, 'SIGKILL')
  const isThere = () => (victim === 'enclave' ? existsSync(`/proc/${pid}/fd/0`) : isRunning(layout.processes, victim))
  while (isThere()) await delay(10)
  return true
}

// The chip starts guests below its own measured copy of their build, and gives them a folder of its own to find it by: the
// sandbox around an enclave names both. Another network on this machine has the same build and another folder.
function enclavePid(layout: Layout, build: Hex): number | null {
  const note = join(layout.chip, 'scratch.txt')
  if (!existsSync(note)) return null
  const scratch = readFileSync(note, 'utf8')
  const commandOf = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const sandbox = pids.map(Number).find((pid) => {
    const command = commandOf(pid)
    return (
      command.includes('--hostname enclave') && command.includes(`/builds/${build} `) && command.includes(`${scratch}/`)
    )
  })
  return sandbox ?? null
}
