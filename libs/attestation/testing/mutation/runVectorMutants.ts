// A child process of mutate.ts, inside the copy with mutants: runs the vectors once to see which case asks about which mutant,
// then each mutant's cases with it in force, until one gets another verdict. A mutant may well never end: the parent watches.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installHooks } from './hooks.ts'

/** What the child tells: where it is, and whether a vector told the mutant from the original. */
export type VectorReport =
  | { readonly kind: 'started'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly killedBy: string | null }

const state = installHooks(null)
const { runVectors } = await import('../runVectors.ts')
const { vectorVerifiers } = await import('../vectorVerifiers.ts')
type VectorFile = Parameters<typeof runVectors>[0]

const folder = join(import.meta.dirname, '../../vectors')
const single = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => {
    const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as VectorFile
    return file.cases.map((one) => ({ name: `${name}: ${one.name}`, file: { ...file, cases: [one] } }))
  })

const isTold = async (file: VectorFile): Promise<boolean> =>
  (await runVectors(file, vectorVerifiers)).some(({ expect, outcome }) => expect !== outcome)

const cases: { name: string; file: VectorFile; asked: ReadonlySet<number> }[] = []
for (const { name, file } of single) {
  state.asked.clear()
  // A vector that fails as things stand proves nothing about mutants.
  if (!(await isTold(file))) cases.push({ name, file, asked: new Set(state.asked) })
}
// Cases that ask about little end early.
cases.sort((a, b) => a.asked.size - b.asked.size)

const tell = (report: VectorReport): void => {
  process.send?.(report)
}
const ids = (process.argv[2] ?? '').split(',').filter((text) => text !== '')
for (const id of ids.map(Number)) {
  tell({ kind: 'started', id })
  let killedBy: string | null = null
  for (const { name, file } of cases.filter(({ asked }) => asked.has(id))) {
    state.active = id
    const isKilled = await isTold(file)
    state.active = null
    if (!isKilled) continue
    killedBy = name
    break
  }
  tell({ kind: 'done', id, killedBy })
}
process.disconnect?.()
