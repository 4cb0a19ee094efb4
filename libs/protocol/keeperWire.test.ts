import { describe, expect, test } from 'vitest'
import { toHex } from './bytes.ts'
import { type Admission, grantInfo, logInfo, releaseInfo, voteOf } from './keeperWire.ts'
import { fill, sampleSpec, sampleTerms } from './testing/samples.ts'

const challenge = (keeper: number, expires: number) => ({
  keeper: fill(32, keeper),
  nonce: fill(32, 1),
  expires,
  mac: fill(32, 2),
  time: 0,
})
const admission: Admission = {
  challenges: [challenge(1, 500), challenge(2, 300), challenge(3, 400)],
  bundle: {},
  spec: sampleSpec,
  terms: sampleTerms,
  launch: { message: { order: fill(32, 1), generation: 3, enclave: fill(20, 2) }, signature: fill(65, 3) },
  manifests: {},
  committee: { t: 1, members: [{ hpkeKey: fill(1216, 1), address: fill(20, 1) }] },
}

describe('a vote', () => {
  const vote = voteOf(admission, fill(32, 4), fill(32, 5), fill(32, 6))

  test('says what was launched, with what, and for how long', () => {
    expect(vote).toEqual({
      order: fill(32, 1),
      generation: 3,
      enclave: fill(20, 2),
      grantKeyHash: fill(32, 5),
      build: fill(32, 6),
      evidenceHash: fill(32, 4),
      committee: sampleSpec.committee,
      validUntil: 300,
    })
  })

  test('is the same for every keeper, whatever the order of their challenges', () => {
    const turned = { ...admission, challenges: [...admission.challenges].reverse() }
    expect(voteOf(turned, fill(32, 4), fill(32, 5), fill(32, 6))).toEqual(vote)
  })
})

describe('the info of a sealed share', () => {
  const to = { order: fill(32, 1), generation: 1, enclave: fill(20, 2), objectId: fill(32, 3), index: 1 }
  const changes: readonly Partial<typeof to>[] = [
    {},
    { order: fill(32, 9) },
    { generation: 2 },
    { enclave: fill(20, 9) },
    { objectId: fill(32, 9) },
    { index: 2 },
  ]

  test('is another for another order, generation, enclave, object or share', () => {
    const infos = changes.map((change) => toHex(grantInfo({ ...to, ...change })))
    expect(new Set(infos).size).toBe(changes.length)
  })

  test('differs between a grant, a release and a log', () => {
    const { order, generation, objectId, index } = to
    const infos = [grantInfo(to), releaseInfo({ order, objectId, index }), logInfo({ order, generation, seq: 0 })]
    expect(new Set(infos.map(toHex)).size).toBe(3)
  })

  test('of a log moves with its place', () => {
    const log = { order: to.order, generation: 1, seq: 0 }
    const infos = [log, { ...log, seq: 1 }, { ...log, generation: 2 }, { ...log, order: fill(32, 9) }].map(logInfo)
    expect(new Set(infos.map(toHex)).size).toBe(4)
  })
})
