import { encodeAbiParameters, keccak256, parseAbiParameters, stringToBytes } from 'viem'
import { describe, expect, test } from 'vitest'
import { lineageOf } from './derived.ts'
import { requireSpec, specHash } from './jobSpec.ts'
import { allodDomain, offerDigest, offerHash, requireOwnersOffer } from './offer.ts'
import { lanesHash, offersHash, orderId, requireTerms } from './order.ts'
import { newSigningKey, signDigest } from './signature.ts'
import { fill, sampleOffer, sampleSpec, sampleTerms } from './testing/samples.ts'

describe('an order', () => {
  test('has the id that the contract computes', () => {
    const lane = '(address owner,address payee,uint256 limits,uint256 prices)'
    const lanes = sampleTerms.lanes.map(({ owner, payee, capacity, maxRuns, perSecond, perOrder }) => ({
      ...{ owner, payee },
      limits: BigInt(capacity) + BigInt(maxRuns) * 2n ** 32n,
      prices: BigInt(perSecond) + BigInt(perOrder) * 2n ** 128n,
    }))
    const hash = keccak256(encodeAbiParameters(parseAbiParameters(`${lane}[]`), [lanes] as never))
    expect(lanesHash(sampleTerms.lanes)).toBe(hash)
    const expected = keccak256(
      encodeAbiParameters(
        parseAbiParameters('bytes32,uint256,address,address,bytes32,bytes32,bytes32,bytes32,uint32'),
        [
          keccak256(stringToBytes('allod/order/v1')),
          31337n,
          sampleTerms.market,
          sampleTerms.buyer,
          sampleTerms.salt,
          offersHash([offerHash(sampleOffer)]),
          hash,
          sampleTerms.specHash,
          sampleTerms.seconds,
        ],
      ),
    )
    expect(orderId(sampleTerms)).toBe(expected)
  })

  test('gets another id from any change of its terms', () => {
    const changes = [
      { chainId: '1' },
      { market: fill(20, 99) },
      { buyer: fill(20, 99) },
      { salt: fill(32, 99) },
      { specHash: fill(32, 99) },
      { seconds: 601 },
      { offers: [{ ...sampleOffer, perOrder: '0' }] },
      { lanes: sampleTerms.lanes.map((l) => ({ ...l, perSecond: '6' })) },
    ]
    for (const change of changes)
      expect(() => requireTerms({ ...sampleTerms, ...change }, orderId(sampleTerms))).toThrow(
        expect.objectContaining({ code: 'protocol/order-terms-mismatch' }),
      )
  })

  test('refuses a job spec changed by one word', () => {
    expect(() => requireSpec({ ...sampleSpec, build: fill(32, 99) }, specHash(sampleSpec))).toThrow(
      expect.objectContaining({ code: 'protocol/spec-mismatch' }),
    )
  })

  test('refuses an offer that its owner did not sign', () => {
    const domain = allodDomain(31337n, sampleTerms.market)
    const [owner, other] = [newSigningKey(), newSigningKey()]
    const offer = { ...sampleOffer, owner: owner.address }
    requireOwnersOffer(domain, { offer, signature: signDigest(owner, offerDigest(domain, offer)) })
    expect(() =>
      requireOwnersOffer(domain, { offer, signature: signDigest(other, offerDigest(domain, offer)) }),
    ).toThrow(expect.objectContaining({ code: 'protocol/offer-not-by-owner' }))
  })
})

test('lineage is what Assets computes', () => {
  const derived = {
    header: fill(128, 1),
    owner: fill(20, 2),
    policyHash: fill(32, 3),
    parents: [fill(32, 4), fill(32, 5)],
  }
  const expected = keccak256(
    encodeAbiParameters(parseAbiParameters('bytes32,address,bytes32,bytes32[]'), [
      keccak256(derived.header),
      derived.owner,
      derived.policyHash,
      derived.parents,
    ]),
  )
  expect(lineageOf(derived)).toBe(expected)
})
