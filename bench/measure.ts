import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** CPU seconds, user and system, that this process spends on `work`. */
export async function cpuSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Wall seconds of `work`. */
export async function wallSeconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const before = performance.now()
  await work()
  return (performance.now() - before) / 1000
}

/** The middle of an odd number of figures. */
export const median = (figures: readonly number[]): number =>
  [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] as number

/** Bytes per CPU second of one OpenSSL primitive at one block size, by its own `speed`. */
export function opensslSpeed(primitive: string, blockBytes: number): number {
  const args = ['speed', '-mr', '-seconds', '1', '-bytes', String(blockBytes), '-evp', primitive]
  const out = execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const figure = /^\+F:\d+:[^:]+:([0-9.]+)/m.exec(out)?.[1]
  if (figure === undefined) throw new Error('openssl speed printed no figure')
  return Number(figure)
}

/** The most memory that a process has had so far, in MB: `self`, or its number. */
export const peakMb = (pid: string): number =>
  (Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6

/** What a figure came to, as one line of JSON; `passed` is null where there is no target. */
export function report(figure: string, value: number, unit: string, target: number | null): void {
  const passed = target === null ? null : unit === 'ratio' ? value >= target : value <= target
  console.log(JSON.stringify({ figure, value: Number(value.toPrecision(3)), unit, target, passed }))
}
