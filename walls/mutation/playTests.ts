import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { forgeBinary } from '../../contracts/build.ts'
import type { NamedCheck } from '../namedChecks.ts'
import { testsNamed } from '../namedTests.ts'

/** What came of the tests that a name stands for; `said` is what the runner has to say where none of them ran. */
export type Played = { readonly passed: number; readonly failed: number; readonly said: string }

type Named = Pick<NamedCheck, 'file' | 'test'>

/**
 * Plays the tests of named checks, in a copy of the tree: contracts one by one, all others in one run.
 * @param options.isWhole the tests of a file together with those named, because they go on where others left
 */
export function playTests(
  copy: string,
  all: readonly Named[],
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): readonly Played[] {
  const scripts = all.filter(({ file }) => !file.endsWith('.sol'))
  const played = scripts.length === 0 ? [] : playScripts(copy, scripts, isWhole)
  return all.map((named) => played[scripts.indexOf(named)] ?? playContract(copy, named))
}

/** Matches what a test's title, with rows in place of its placeholders, may come to. */
export function titlePattern(title: string): RegExp {
  const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  const parts = title.split(/%[sdifjoOc#$]|\$[\w.]+/)
  return new RegExp(`^${parts.map(literally).join('.*')}$`)
}

// A test may hang without its check. The runner ends it; where the runner hangs itself, this does.
const MOST_MS = { unit: 600_000, story: 1_800_000 }

type Result = { readonly ancestorTitles: readonly string[]; readonly title: string; readonly status: string }
type Suite = { readonly name: string; readonly message: string; readonly assertionResults: readonly Result[] }

function playScripts(copy: string, all: readonly Named[], isWhole: boolean): readonly Played[] {
  const patterns = all.map(({ file, test }) => testsNamed(file, test).map(({ title }) => titlePattern(title)))
  // The runner looks for names with their groups' before them; which of them are meant exactly is seen below.
  const names = patterns.flat().map(({ source }) => `(^| )${source.slice(1, -1)}( |$)`)
  const results = join(copy, '../results.json')
  rmSync(results, { force: true })
  const files = [...new Set(all.map(({ file }) => file))]
  const args = [
    ...['run', ...files, '--reporter', 'json', '--outputFile', results],
    ...(isWhole ? [] : ['--testNamePattern', names.join('|')]),
  ]
  const { stderr, signal } = spawnSync(process.execPath, [join(copy, 'node_modules/vitest/vitest.mjs'), ...args], {
    ...{ cwd: copy, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'ignore', 'pipe'] },
    ...{ timeout: files.some(isStory) ? MOST_MS.story : MOST_MS.unit, killSignal: 'SIGKILL' },
  })
  // A runner that was ended ends nothing itself: a network of its own would run on for good.
  if (signal !== null) spawnSync('pkill', ['-KILL', '-f', `${copy}/`])
  if (!existsSync(results)) return all.map(() => ({ passed: 0, failed: 0, said: lastLine(stderr) }))
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as { testResults: readonly Suite[] }
  return all.map(({ file }, i) =>
    countIn(
      testResults.filter(({ name }) => name === join(copy, file)),
      patterns[i] ?? [],
    ),
  )
}

/** A title may be that of a group: then the tests in it count. */
function countIn(suites: readonly Suite[], patterns: readonly RegExp[]): Played {
  const played = suites
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ title, ancestorTitles }) => [title, ...ancestorTitles].some((t) => patterns.some((p) => p.test(t))))
  const count = (status: string): number => played.filter((one) => one.status === status).length
  const said = lastLine(suites.map(({ message }) => message).join('\n'))
  return { passed: count('passed'), failed: count('failed'), said }
}

const isStory = (file: string): boolean => file.startsWith('e2e/')

type ForgeSuites = Record<string, { readonly test_results: Record<string, { readonly status: string }> }>

function playContract(copy: string, { file, test }: Named): Played {
  const args = ['test', '--json', '--match-path', `test/${basename(file)}`, '--match-test', `^${test}(\\(|$)`]
  const { stdout, stderr } = spawnSync(forgeBinary(), args, {
    ...{ cwd: join(copy, 'contracts'), encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] },
    ...{ timeout: MOST_MS.unit, killSignal: 'SIGKILL' },
  })
  const at = stdout.indexOf('{')
  if (at === -1) return { passed: 0, failed: 0, said: lastLine(stderr) }
  const suites = Object.values(JSON.parse(stdout.slice(at)) as ForgeSuites)
  const statuses = suites.flatMap(({ test_results }) => Object.values(test_results).map(({ status }) => status))
  const passed = statuses.filter((status) => status === 'Success').length
  return { passed, failed: statuses.length - passed, said: '' }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
