import type { Lease, Secret } from '@allod/protocol'
import { fail } from '../errors.ts'
import { isMacOf, macOf } from './mac.ts'

/** Seals a lease with this keeper's MAC. */
export const newLease = (key: Secret, said: Omit<Lease, 'mac'>): Lease => ({ ...said, mac: macOf(key, said) })

/** Refuses a lease that this keeper did not give. @throws keeper/lease-forged */
export function requireOwnLease({ mac, ...said }: Lease, key: Secret): void {
  if (!isMacOf(key, said, mac)) throw fail('lease-forged', { actual: said.order })
}
