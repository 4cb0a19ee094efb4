import { spawnSync } from 'node:child_process'
import { forgeBinary } from './build.ts'

/** What came of a run of tests, with a line for each failure. */
export type TestCounts = { passed: number; failed: number; skipped: number; failures: string[] }

type Suites = Record<string, { test_results: Record<string, { status: string; reason: string | null }> }>

/**
 * Runs every Solidity test: units, fuzz, invariants; then holds gas against the committed snapshot, which is one more.
 * @returns counts; one failure where forge itself fails, for instance to compile
 */
export function forgeTest(): TestCounts {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] }
  const { stdout, status } = forge(['--json'])
  const at = stdout.indexOf('{')
  if (at === -1) return { ...counts, failed: 1, failures: ['forge test did not run'] }
  const fail = (what: string): void => {
    counts.failed++
    counts.failures.push(what)
  }
  for (const [suite, { test_results }] of Object.entries(JSON.parse(stdout.slice(at)) as Suites))
    for (const [name, { status, reason }] of Object.entries(test_results)) {
      if (status === 'Success') counts.passed++
      else if (status === 'Skipped') counts.skipped++
      else fail(`contracts/${suite} ${name}: ${reason ?? status}`)
    }
  // It may fail for another reason than a test.
  if (status !== 0 && counts.failed === 0) fail(`forge test ended with ${status}`)
  // Only a run whose answer is for people compares gas.
  const gas = forge(['--match-contract', 'GasTest', '--gas-snapshot-check=true'])
  if (gas.status === 0) counts.passed++
  else fail(`contracts/snapshots: gas is not what is committed; forge, which says more above, ended with ${gas.status}`)
  return counts
}

const forge = (args: readonly string[]) =>
  spawnSync(forgeBinary(), ['test', ...args], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
