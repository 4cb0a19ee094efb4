import { type Challenge, type Hex, type Secret, toHex } from '@allod/protocol'
import { fail } from '../errors.ts'
import { isMacOf, macOf } from './mac.ts'

/** A fresh challenge, good for `forSeconds`. @param random 32 random bytes */
export function newChallenge(
  keeper: Hex,
  key: Secret,
  { now, forSeconds, random }: { readonly now: number; readonly forSeconds: number; readonly random: Uint8Array },
): Challenge {
  const said = { keeper, nonce: toHex(random), expires: now + forSeconds, time: now }
  return { ...said, mac: macOf(key, said) }
}

/**
 * Refuses a challenge that this keeper did not make, or whose time is over.
 * @param options.lateSeconds how long after its end it still counts
 * @throws keeper/challenge-forged, keeper/challenge-expired
 */
export function requireOwnChallenge(
  { mac, ...said }: Challenge,
  key: Secret,
  { now, lateSeconds = 0 }: { readonly now: number; readonly lateSeconds?: number },
): void {
  if (!isMacOf(key, said, mac)) throw fail('challenge-forged', { actual: said.nonce })
  if (said.expires + lateSeconds < now)
    throw fail('challenge-expired', { expected: `before ${said.expires}`, actual: now })
}
