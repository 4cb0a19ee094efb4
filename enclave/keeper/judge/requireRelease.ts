import type { ChainFacts, Release } from '../chain/ChainFacts.ts'
import { fail } from '../errors.ts'

/**
 * The contract itself allows keys to go to the enclave: for the order and its build, and for every object.
 * @throws keeper/release-refused with the contract's reason
 */
export function requireRelease({ release, objects }: Pick<ChainFacts, 'release' | 'objects'>): void {
  requireAllowed(release, 'order')
  for (const object of objects) requireAllowed(object.release, object.objectId)
}

function requireAllowed(release: Release | null, what: string): void {
  if (release?.isAllowed !== true)
    throw fail('release-refused', { actual: release?.reason ?? 'not asked', meta: { subject: what } })
}
