import type { MutationHooks } from './mutantsOf.ts'

/** The mutant in force, and which were asked about: those that a run can tell from the original. */
export type Mutation = { active: number | null; readonly asked: Set<number> }

/** Puts the hooks that files with mutants call on `globalThis`. */
export function installHooks(active: number | null): Mutation {
  const state: Mutation = { active, asked: new Set() }
  const hooks: MutationHooks = {
    mutation: (id) => {
      state.asked.add(id)
      return id === state.active
    },
    verdict: (id, check) => {
      if (check.result === 'pass') return check
      state.asked.add(id)
      return id === state.active ? { ...check, result: 'pass' } : check
    },
  }
  Object.assign(globalThis, hooks)
  return state
}
