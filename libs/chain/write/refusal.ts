import type { AllodError, Hex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { type Revert, revertOf } from '../revert.ts'
import { refusals } from './refusals.ts'

type Contract = keyof typeof refusals

/**
 * What kept a transaction from being sent, as one of our errors: a contract's refusal under its own code, with the values
 * it compared as meta; or the chain's.
 */
export function refusalOf(error: unknown, contract: string, account: Hex): AllodError {
  const revert = revertOf(error)
  if (revert !== null) return known(revert, contract, error) ?? unknown(revert, contract, error)
  return /insufficient funds|gas required exceeds allowance/i.test(String(error))
    ? fail('no-gas', { cause: error, actual: account })
    : fail('rpc-failed', { cause: error })
}

// Errors are named after their contract, but for those of the libraries that it calls.
function known({ name, args }: Revert, contract: string, cause: unknown): AllodError | null {
  const [scope, bare] = name.includes('_') ? name.split('_') : [contract, name]
  const make = refusals[scope?.toLowerCase() as Contract]
  if (make === undefined || bare === undefined) return null
  try {
    // A name that the catalogue does not have throws, and is no refusal that we know.
    return make(kebab(bare) as never, { cause, meta: args })
  } catch {
    return null
  }
}

const unknown = ({ name, args }: Revert, contract: string, cause: unknown): AllodError =>
  fail('call-reverted', { cause, actual: name, meta: { contract, ...args } })

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
