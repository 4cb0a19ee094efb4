import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../imports.ts'
import type { NamedCheck } from '../namedChecks.ts'
import { type Mutant, throwSites } from './throwSites.ts'
import { type WithoutCheck, withoutCheck } from './withoutCheck.ts'

/** What can be taken away for a named check, and how much of that its test must notice. */
export type Mutants = { readonly mutants: readonly Mutant[]; readonly needed: 'each' | 'one' }

/** As `withoutCheck` says of a named check, else each place that throws its code: one of them is the row's. */
export function mutantsOf({ check, code }: Pick<NamedCheck, 'check' | 'code'>): Mutants {
  const byHand = withoutCheck.filter((one) => one.check === check)
  if (byHand.length > 0) return { mutants: byHand.map(mutantBy), needed: 'each' }
  return { mutants: code === null ? [] : throwSites(code), needed: 'one' }
}

function mutantBy({ file, text, replacement }: WithoutCheck): Mutant {
  const source = readFileSync(join(root, file), 'utf8')
  const [before = '', after, ...more] = source.split(text)
  if (after === undefined || more.length > 0) throw new Error(`${file} does not have this once: ${text}`)
  return { file, place: `${file}:${before.split('\n').length}`, text: before + replacement + after }
}
