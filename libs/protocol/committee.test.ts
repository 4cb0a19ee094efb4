import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { committeeId, committeeIdOf, keeperId, newCommittee } from './committee.ts'
import { fill } from './testing/samples.ts'

const bad = expect.objectContaining({ code: 'protocol/bad-committee' })
const members = [1, 2, 3].map((n) => ({ hpkeKey: fill(1216, n), address: fill(20, n) }))
const committee = newCommittee(2, members)

describe('a committee', () => {
  test('has one id, however its members are given', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(members, { minLength: 3 }), (shuffled) => {
        expect(committeeId(newCommittee(2, shuffled))).toBe(committeeId(committee))
      }),
    )
  })

  test('has another id with another threshold or another key', () => {
    const other = newCommittee(2, [...members.slice(1), { hpkeKey: fill(1216, 1), address: fill(20, 9) }])
    const ids = [committeeId(committee), committeeId({ ...committee, t: 3 }), committeeId(other)]
    expect(new Set(ids).size).toBe(3)
  })

  test('is refused out of order', () => {
    expect(() => committeeId({ t: 2, members: [...committee.members].reverse() })).toThrow(bad)
  })

  test('is refused with a member twice', () => {
    const id = keeperId(members[0] ?? { hpkeKey: '0x', address: fill(20, 0) })
    expect(() => committeeIdOf(1, [id, id])).toThrow(bad)
  })

  test.each([
    [0, 3],
    [4, 3],
    [1, 0],
    [1, 17],
  ])('is refused as %d of %d', (t, n) => {
    expect(() =>
      committeeIdOf(
        t,
        Array.from({ length: n }, (_, i) => fill(32, i)),
      ),
    ).toThrow(bad)
  })
})
