import { type Committee, committeeId, type Hex, keeperId } from '@allod/protocol'
import { fail } from '../errors.ts'

/**
 * This keeper's place, from 1, in the committee that the spec names.
 * @throws keeper/committee-mismatch, keeper/not-a-member, protocol/bad-committee
 */
export function requireCommittee(committee: Committee, named: Hex, keeper: Hex): number {
  const id = committeeId(committee)
  if (id !== named) throw fail('committee-mismatch', { expected: named, actual: id })
  const place = committee.members.findIndex((member) => keeperId(member) === keeper)
  if (place < 0) throw fail('not-a-member', { expected: keeper, actual: id })
  return place + 1
}
