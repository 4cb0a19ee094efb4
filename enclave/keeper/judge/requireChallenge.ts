import type { Challenge } from '@allod/protocol'
import { fail } from '../errors.ts'
import { requireOwnChallenge } from '../keys/challenge.ts'
import type { KeeperKeys } from '../keys/keeperKeys.ts'

/**
 * The one challenge of this keeper among those that an admission answers.
 * @param options.lateSeconds how long after its end it still counts, for the grant that follows a vote
 * @throws keeper/challenge-missing, keeper/challenge-forged, keeper/challenge-expired, keeper/clock-skew
 */
export function requireChallenge(
  challenges: readonly Challenge[],
  { id, challengeMac }: Pick<KeeperKeys, 'id' | 'challengeMac'>,
  { now, lateSeconds, maxSkewSeconds }: { now: number; lateSeconds: number; maxSkewSeconds: number },
): Challenge {
  const [own, ...more] = challenges.filter((c) => c.keeper === id)
  if (own === undefined || more.length > 0) throw fail('challenge-missing', { expected: id })
  requireOwnChallenge(own, challengeMac, { now, lateSeconds })
  // The others' times bound from when time is paid: none of them may be a time that has not come.
  const latest = Math.max(...challenges.map((c) => c.time))
  if (latest > now + maxSkewSeconds)
    throw fail('clock-skew', { expected: `<= ${now + maxSkewSeconds}`, actual: latest })
  return own
}
