import { spawnSync } from 'node:child_process'
import { forgeBinary } from './build.ts'

type Result = {
  readonly test_results: Readonly<Record<string, { readonly status: string; readonly reason?: string | null }>>
}

/** Runs the contracts' own tests, fuzz and invariants included, and says which failed. */
export function forgeTest(): { passed: number; failed: number; skipped: number } {
  const { stdout, stderr } = spawnSync(forgeBinary(), ['test', '--json'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const counts = { passed: 0, failed: 0, skipped: 0 }
  let suites: Readonly<Record<string, Result>>
  try {
    suites = JSON.parse(stdout.slice(stdout.indexOf('{'))) as typeof suites
  } catch {
    process.stderr.write(`${stderr}\n${stdout.slice(-2000)}\n`)
    return { ...counts, failed: 1 }
  }
  for (const [suite, { test_results: results }] of Object.entries(suites))
    for (const [name, { status, reason }] of Object.entries(results)) {
      if (status === 'Success') counts.passed++
      else if (status === 'Skipped') counts.skipped++
      else {
        counts.failed++
        process.stderr.write(`FAILED ${suite} ${name}: ${reason ?? status}\n`)
      }
    }
  return counts.passed + counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
