import { spawnSync } from 'node:child_process'
import { forgeBinary } from './build.ts'

/** What came of the contracts' own tests, with a line for each failure. */
export type ForgeCounts = { passed: number; failed: number; skipped: number; failures: string[] }

type Suites = Record<string, { test_results: Record<string, { status: string; reason: string | null }> }>

/**
 * Runs every Solidity test: units, fuzz, invariants, and gas against the committed snapshot.
 * @returns counts; one failure where forge itself fails, for instance to compile
 */
export function forgeTest(): ForgeCounts {
  const args = ['test', '--json', '--gas-snapshot-check=true']
  const { stdout, status } = spawnSync(forgeBinary(), args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const counts: ForgeCounts = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const at = stdout.indexOf('{')
  if (at === -1) return { ...counts, failed: 1, failures: ['forge test did not run'] }
  for (const [suite, { test_results }] of Object.entries(JSON.parse(stdout.slice(at)) as Suites))
    for (const [name, { status, reason }] of Object.entries(test_results)) {
      if (status === 'Success') counts.passed++
      else if (status === 'Skipped') counts.skipped++
      else {
        counts.failed++
        counts.failures.push(`contracts/${suite} ${name}: ${reason ?? status}`)
      }
    }
  // It may fail for another reason than a test: gas that differs from the snapshot.
  return status === 0 || counts.failed > 0
    ? counts
    : { ...counts, failed: 1, failures: [`forge test ended with ${status}`] }
}
