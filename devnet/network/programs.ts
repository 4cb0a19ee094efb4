import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Ready, startProgram } from '../processes/processes.ts'
import type { Layout } from './plan.ts'

/** A program of the host's side, by its main file. */
export const hostProgram = (part: 'keeper' | 'store' | 'gateway' | 'provider'): string =>
  join(import.meta.dirname, '../../host', part, 'main.ts')

/** Starts a program with a data folder of its own. @throws devnet/process-failed */
export function startWithData(layout: Layout, name: string, script: string, args: readonly string[]): Promise<Ready> {
  const data = layout.dataOf(name)
  mkdirSync(data, { recursive: true, mode: 0o700 })
  return startProgram(layout.processes, { name, script, args: ['--data', data, ...args] })
}
