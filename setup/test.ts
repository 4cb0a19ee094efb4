// Everything that must hold, in the order of what is cheapest to learn: format and types, contracts, units and walls, stories.
// npm test -- [vitest arguments]: with arguments only vitest runs, for work on a part.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgeTest, type TestCounts } from '../contracts/forgeTest.ts'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2)
const none: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] }
const total: TestCounts = { ...none, failures: [] }

if (args.length === 0) {
  const status = run(process.execPath, ['setup/check.ts'])
  count('format, lint and types', status === 0 ? { ...none, passed: 1 } : failed(`setup/check.ts ended with ${status}`))
  count('contracts', forgeTest())
  count('units and walls', vitest(['--project', 'unit', '--project', 'pure']))
  count('stories', vitest(['--project', 'e2e']))
} else count('tests', vitest(args))

// Last of all, so that whoever sees only the end of a long log sees what to mend.
for (const failure of total.failures) process.stdout.write(`failed: ${failure}\n`)
process.stdout.write(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`,
)
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1

function failed(why: string, others: TestCounts = none): TestCounts {
  return { ...others, failed: 1, failures: [why] }
}

function count(name: string, counts: TestCounts): void {
  for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key]
  total.failures.push(...counts.failures)
  process.stderr.write(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
}

function vitest(more: readonly string[]): TestCounts {
  const folder = mkdtempSync(join(tmpdir(), 'allod-counts-'))
  const file = join(folder, 'counts.json')
  try {
    const status = run('vitest', ['run', '--reporter=default', '--reporter=./setup/countsReporter.ts', ...more], {
      COUNTS: file,
    })
    const counts = JSON.parse(readFileSync(file, 'utf8')) as TestCounts
    // The runner may fail for another reason than a test.
    return status === 0 || counts.failed > 0 ? counts : failed(`vitest ended with ${status}`, counts)
  } catch {
    return failed('vitest left no counts')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(command: string, given: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  return (
    spawnSync(command, given, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
      .status ?? 1
  )
}
