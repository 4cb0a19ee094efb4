import { type Admission, isAllodError } from '@allod/protocol'
import type { ReadChain } from '../chain/ChainFacts.ts'
import { judgeAdmission, type Stage } from '../judge/judgeAdmission.ts'
import type { Keeper } from '../Keeper.ts'
import { type Case, type Draft, newCase } from './newCase.ts'
import { newKeeper } from './newKeeper.ts'

/** Changes to a case once it is made: these leave it at odds with itself. */
export type Tampering = {
  readonly stage?: Stage
  readonly admission?: (admission: Admission, made: Case) => Admission
  readonly keeper?: (keeper: Keeper) => Keeper
}

/** The code under which a keeper refuses a case, or `ok`. */
export async function refusal(
  draft: Draft,
  { stage = 'vote', admission = (a) => a, keeper = (k) => k }: Tampering = {},
): Promise<string> {
  const made = await newCase(draft)
  const readChain: ReadChain = async (query) => made.facts(query)
  return codeOf(judgeAdmission(admission(made.admission, made), stage, keeper(await newKeeper(readChain))))
}

/** The code that a promise fails with, or `ok`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'ok'
  } catch (error) {
    if (isAllodError(error)) return (error as { readonly code: string }).code
    throw error
  }
}
