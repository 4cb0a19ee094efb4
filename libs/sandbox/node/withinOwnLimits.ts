import { readFileSync } from 'node:fs'
import type { KernelLimits } from '../limitCommand.ts'

const NAMES: Readonly<Record<keyof KernelLimits, string>> = {
  processes: 'Max processes',
  openFiles: 'Max open files',
  dataBytes: 'Max data size',
  fileBytes: 'Max file size',
}

/** The limits wanted, none above what this process itself is under: the kernel refuses to raise one. */
export function withinOwnLimits(wanted: KernelLimits): KernelLimits {
  const own = readFileSync('/proc/self/limits', 'utf8')
  const within = (name: keyof KernelLimits): number => {
    const hard = new RegExp(`^${NAMES[name]}\\s+\\S+\\s+(\\d+)`, 'm').exec(own)?.[1]
    return hard === undefined ? wanted[name] : Math.min(wanted[name], Number(hard))
  }
  return {
    processes: within('processes'),
    openFiles: within('openFiles'),
    dataBytes: within('dataBytes'),
    fileBytes: within('fileBytes'),
  }
}
