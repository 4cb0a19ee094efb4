// Takes away each check of the verifiers in turn, and shows that a test notices.
//
//   node_modules/.bin/node libs/attestation/testing/mutation/mutate.ts [--only x509/der.ts] [--sample 50] [--list] [--fresh]
//
// --only    mutants of files whose path starts with this
// --sample  so many of them, spread evenly
// --list    name the mutants and run nothing
// --fresh   forget what earlier runs of the same sources found
//
// First the hermetic vectors run against every mutant, in one process. What they do not tell from the original then goes through
// the unit tests that ask about it, a vitest run each. Verdicts are kept beside the copy, by the hash of all sources, so that a
// run that was stopped goes on. What survives both is named; `equivalent.ts` says of some why no test can tell. The last line
// counts: `N passed, N failed`. All of it takes an hour or so on two cores.
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Copy, copyPackage } from './copyPackage.ts'
import { equivalents } from './equivalent.ts'
import type { Mutant } from './mutantsOf.ts'
import type { VectorReport } from './runVectorMutants.ts'

/** By id: who told a mutant from the original; null where nobody did. */
type Verdicts = Record<string, string | null>

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    list: { type: 'boolean' },
    fresh: { type: 'boolean' },
  },
})

const copy = copyPackage(join(import.meta.dirname, '../..'))
const kept = join(copy.root, '../verdicts.json')
if (values.fresh) rmSync(kept, { force: true })
const state: { vectors: Verdicts; tests: Verdicts } = existsSync(kept)
  ? JSON.parse(readFileSync(kept, 'utf8'))
  : { vectors: {}, tests: {} }
const keep = (): void => writeFileSync(kept, JSON.stringify(state))

const chosen = choose(copy.mutants)
if (values.list) for (const mutant of chosen) console.log(nameOf(mutant))
else await run()

async function run(): Promise<void> {
  console.log(`${chosen.length} mutants of ${copy.mutants.length}, in ${copy.root}`)
  const fresh = chosen.filter(({ id }) => !(id in state.vectors))
  await runVectors(fresh.map(({ id }) => id))
  const left = chosen.filter(({ id }) => state.vectors[id] === null && !(id in state.tests))
  console.log(`${chosen.filter(({ id }) => state.vectors[id] !== null).length} told by vectors, ${left.length} to test`)
  if (left.length > 0) runTests(copy, left)
  report()
}

function choose(all: readonly Mutant[]): readonly Mutant[] {
  const those = all.filter(({ file }) => file.startsWith(values.only ?? ''))
  const count = Math.min(Number(values.sample ?? those.length), those.length)
  return Array.from({ length: count }, (_, i) => those[Math.floor((i * those.length) / count)] as Mutant)
}

// A child that says nothing for a minute is in a mutant that does not end: that is noticed too.
async function runVectors(ids: readonly number[]): Promise<void> {
  let left = ids
  while (left.length > 0) {
    const child = fork(join(copy.root, 'libs/attestation/testing/mutation/runVectorMutants.ts'), [left.join(',')])
    const stuck = await watch(child)
    if (stuck !== null) state.vectors[stuck] = 'never ends'
    const before = left.length
    left = left.filter((id) => !(id in state.vectors))
    keep()
    if (left.length === before) throw new Error('the vectors do not run: see above')
  }
}

async function watch(child: ChildProcess): Promise<number | null> {
  let current: number | null = null
  return await new Promise((resolve) => {
    const timeout = (): NodeJS.Timeout => setTimeout(() => child.kill('SIGKILL'), 60_000)
    let timer = timeout()
    child.on('message', (message: VectorReport) => {
      clearTimeout(timer)
      timer = timeout()
      current = message.kind === 'started' ? message.id : null
      if (message.kind === 'done') state.vectors[message.id] = message.killedBy
    })
    child.on('exit', () => {
      clearTimeout(timer)
      resolve(current)
    })
  })
}

function runTests({ root }: Copy, left: readonly Mutant[]): void {
  const asking = whoAsks(root)
  for (const mutant of left) {
    const tests = asking.filter(({ asked }) => asked.has(mutant.id)).map(({ testPath }) => testPath)
    // The test beside the file first, fuzz last: it is slow.
    const rank = (test: string): number =>
      test.includes('fuzz') ? 3 : basename(test).startsWith(basename(mutant.file, '.ts')) ? 0 : 1
    tests.sort((a, b) => rank(a) - rank(b))
    state.tests[mutant.id] = tests.find((test) => !passes(root, [test], { MUTANT: String(mutant.id) })) ?? null
    keep()
    if (state.tests[mutant.id] === null)
      console.log(`survives: ${nameOf(mutant)}${tests.length === 0 ? ' (no test asks)' : ''}`)
  }
}

type Asking = { readonly testPath: string; readonly asked: ReadonlySet<number> }

// One run of all unit tests as they are; those of vectors have had their turn, and a browser has no hooks.
function whoAsks(root: string): readonly Asking[] {
  const folder = join(root, '../asked')
  if (!existsSync(folder)) {
    const unfinished = `${folder}-unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    const without = ['vectors/**', 'browser*', 'device/**', 'mutation/**'].flatMap((those) => [
      '--exclude',
      `**/${those}`,
    ])
    passes(root, [...without, '--reporter', 'json', '--outputFile', join(unfinished, 'results')], { ASKED: unfinished })
    renameSync(unfinished, folder)
  }
  const { testResults } = JSON.parse(readFileSync(join(folder, 'results'), 'utf8'))
  const failing = (testResults as { name: string; status: string }[]).filter(({ status }) => status !== 'passed')
  for (const { name } of failing) console.log(`fails as things stand, and proves nothing: ${name}`)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as { testPath: string; asked: number[] })
    .filter(({ testPath }) => !failing.some(({ name }) => name === testPath))
    .map(({ testPath, asked }) => ({ testPath, asked: new Set(asked) }))
}

function passes(root: string, args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const bail = 'MUTANT' in env ? ['--bail', '1'] : []
  const timeout = 'MUTANT' in env ? 180_000 : 1_800_000
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--root', root, ...bail, ...args], {
    ...{ cwd: root, env: { ...process.env, ...env }, stdio: 'ignore', timeout, killSignal: 'SIGKILL' },
  })
  return status === 0
}

function report(): void {
  const told = chosen.filter(({ id }) => state.vectors[id] !== null || typeof state.tests[id] === 'string')
  const survivors = chosen.filter((mutant) => !told.includes(mutant))
  const reasonOf = (mutant: Mutant): string | undefined =>
    equivalents.find(({ file, text }) => file === mutant.file && mutant.text === text)?.why
  for (const mutant of survivors) console.log(`${reasonOf(mutant) ? 'equivalent' : 'SURVIVES'}: ${nameOf(mutant)}`)
  const unexplained = survivors.filter((mutant) => reasonOf(mutant) === undefined)
  if (unexplained.length > 0) process.exitCode = 1
  console.log(`${survivors.length - unexplained.length} that no test can tell, in ${dirname(copy.root)}`)
  console.log(`${told.length} passed, ${unexplained.length} failed`)
}

function nameOf({ id, file, line, kind, text }: Mutant): string {
  return `#${id} ${file}:${line} ${kind} ${text}`
}
