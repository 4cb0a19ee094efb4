import { readdirSync, readFileSync } from 'node:fs'

/** The command of every process that has a network's folder in it: a part of that network, or a guest. */
export function processesOf(folder: string): readonly string[] {
  const commands = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')] : []
    } catch {
      return []
    }
  })
  return commands.filter((command) => command.includes(folder))
}
