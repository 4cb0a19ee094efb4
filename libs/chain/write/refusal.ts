import { AllodError, type Hex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { revertOf } from '../revert.ts'
import { hints } from './hints.ts'

/** What kept a transaction from being sent, as one of our errors: a contract's refusal by its name, or the chain's. */
export function refusalOf(error: unknown, contract: string, account: Hex): AllodError {
  const revert = revertOf(error)
  if (revert === null) {
    if (/insufficient funds|gas required exceeds allowance/i.test(String(error)))
      return fail('no-gas', { cause: error, actual: account })
    return fail('rpc-failed', { cause: error })
  }
  const [scope, name] = revert.name.includes('_')
    ? (revert.name.split('_') as [string, string])
    : [contract, revert.name]
  const code = `${scope.toLowerCase()}/${kebab(name)}`
  const [message, hint] = hints[revert.name] ?? [
    `the contract ${scope} refused: ${name}`,
    'see the details for the values it compared',
  ]
  return new AllodError(code, message, hint, { cause: error, meta: { args: revert.args.map(String) } })
}

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
