// Takes away the check behind each row of `namedChecks` in a copy of the tree, and shows that the row's test notices.
//
//   node walls/mutation/mutateNamedChecks.ts [--only 'share changed'] [--stories] [--list]
//
// --only     checks whose name or code contains this
// --stories  those of e2e too, minutes each
// --list     name what would be taken away and run nothing
//
// A row's test must pass as things stand. Then what `withoutCheck.ts` says of a row goes, each of it alone, and the test must
// notice each; where it says nothing, the places that throw the row's code go, one at a time, until the test notices one. A
// test that could not start proves nothing. One line a row; the last line counts: `N passed, N failed`.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../imports.ts'
import { type NamedCheck, namedChecks } from '../namedChecks.ts'
import { copyTree } from './copyTree.ts'
import { type Mutants, mutantsOf } from './mutantsOf.ts'
import { type Played, playTests } from './playTests.ts'
import type { Mutant } from './throwSites.ts'

/** `known`: what came of its test as things stand, where it was played already. */
type Given = Mutants & { readonly known: Played | undefined }
type Playing<T> = { readonly isNetwork: boolean; readonly play: () => T }
type Verdict = { readonly kind: 'told' | 'SURVIVES' | 'not tried'; readonly why: string }

const { values } = parseArgs({
  options: { only: { type: 'string' }, stories: { type: 'boolean' }, list: { type: 'boolean' } },
})
const only = values.only ?? ''
const chosen = namedChecks.filter(({ check, code }) => check.includes(only) || code?.includes(only))
const NOTHING: Played = { passed: 0, failed: 0, said: 'nothing' }
const isStory = ({ file }: NamedCheck): boolean => file.startsWith('e2e/')

if (values.list)
  for (const named of chosen) {
    const { mutants, needed } = mutantsOf(named)
    console.log(`${named.check}: ${needed} of ${mutants.map(({ place }) => place).join(', ') || 'nothing'}`)
  }
else run()

function run(): void {
  // Before the copy is made: the sources may change while it is worked on.
  const all = new Map(chosen.map((named) => [named, mutantsOf(named)]))
  const copy = copyTree(root)
  const counts = { told: 0, SURVIVES: 0, 'not tried': 0 }
  try {
    // First all as things stand: a compiler of contracts has then nothing to do but for mutants.
    const units = chosen.filter((named) => !isStory(named))
    const asItStands = new Map(playTests(copy, units).map((played, i) => [units[i], played]))
    for (const [named, mutants] of all) {
      const { kind, why } = judge(copy, named, { ...mutants, known: asItStands.get(named) })
      counts[kind]++
      console.log(`${kind}: ${named.check}: ${why}`)
    }
  } finally {
    rmSync(dirname(copy), { recursive: true, force: true })
  }
  if (counts.SURVIVES > 0) process.exitCode = 1
  const skipped = counts['not tried'] > 0 ? `, ${counts['not tried']} skipped` : ''
  console.log(`${counts.told} passed, ${counts.SURVIVES} failed${skipped}`)
}

function judge(copy: string, named: NamedCheck, { mutants, needed, known }: Given): Verdict {
  if (isStory(named) && !values.stories) return { kind: 'not tried', why: 'a story: see --stories' }
  if (mutants.length === 0)
    return { kind: isStory(named) ? 'not tried' : 'SURVIVES', why: 'withoutCheck.ts does not say what to take away' }
  const playAs = (isWhole: boolean): Played => playTests(copy, [named], { isWhole })[0] ?? NOTHING
  // A test that goes on where others of its file left is played with them.
  const alone = known ?? playAs(false)
  const isWhole = !passes(alone)
  const whole = isWhole ? playAs(true) : alone
  if (!passes(whole)) return { kind: 'SURVIVES', why: `its test does not pass as things stand: ${countsOf(whole)}` }
  const told: string[] = []
  const survived: string[] = []
  for (const mutant of mutants) {
    const played = withMutant(copy, mutant, { isNetwork: isStory(named), play: () => playAs(isWhole) })
    const those = played.failed > 0 ? told : survived
    those.push(`${mutant.place}, ${countsOf(played)}`)
    if (needed === 'one' ? told.length > 0 : survived.length > 0) break
  }
  const isTold = needed === 'one' ? told.length > 0 : survived.length === 0
  return { kind: isTold ? 'told' : 'SURVIVES', why: (isTold ? told : survived).join('; ') }
}

/** Plays with a mutant in place. A network runs the contracts that are built: for its stories they are built anew. */
function withMutant<T>(copy: string, { file, text }: Mutant, { isNetwork, play }: Playing<T>): T {
  const path = join(copy, file)
  const original = readFileSync(path, 'utf8')
  const put = (content: string): void => {
    writeFileSync(path, content)
    if (isNetwork && file.endsWith('.sol'))
      execFileSync(process.execPath, ['contracts/build.ts'], { cwd: copy, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  put(text)
  try {
    return play()
  } finally {
    put(original)
  }
}

function passes({ passed, failed }: Played): boolean {
  return passed > 0 && failed === 0
}

function countsOf({ passed, failed, said }: Played): string {
  return failed + passed > 0 ? `${failed} of ${failed + passed} fail` : `none could start: ${said}`
}
