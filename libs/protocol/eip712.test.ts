import { hashTypedData, recoverTypedDataAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { toHex } from './bytes.ts'
import { type Eip712Message, type Eip712Type, typedDigest } from './eip712.ts'
import { allodDomain, offerType } from './offer.ts'
import { newSigningKey, recoverSigner, signDigest } from './signature.ts'
import { fill, sampleOffer } from './testing/samples.ts'
import { aliveType, enclaveAttestedType, failedType, launchType, reportedType } from './votes.ts'

const domain = allodDomain(31337n, fill(20, 9))
const viemDomain = { name: 'Allod', version: '1', chainId: 31337n, verifyingContract: fill(20, 9) } as const
const forViem = (type: Eip712Type, message: Eip712Message) => ({
  domain: viemDomain,
  types: { [type.name]: type.fields.map(([t, name]) => ({ type: t, name })) },
  primaryType: type.name,
  message: message as Record<string, unknown>,
})

const order = fill(32, 1)
const messages: readonly (readonly [Eip712Type, Eip712Message])[] = [
  [offerType, { ...sampleOffer, perSecond: BigInt(sampleOffer.perSecond), perOrder: BigInt(sampleOffer.perOrder) }],
  [launchType, { order, generation: 1, enclave: fill(20, 2) }],
  [aliveType, { order, generation: 1, from: 5n, upTo: 2n ** 64n - 1n }],
  [reportedType, { order, generation: 4294967295, reportHash: fill(32, 3), lineage: fill(32, 0) }],
  [failedType, { order, generation: 1, reason: fill(32, 4), input: 255 }],
  [
    enclaveAttestedType,
    {
      order,
      generation: 2,
      enclave: fill(20, 2),
      grantKeyHash: fill(32, 5),
      build: fill(32, 6),
      evidenceHash: fill(32, 7),
      committee: fill(32, 8),
      validUntil: 9,
    },
  ],
]

describe('EIP-712', () => {
  test.each(messages)('hashes $name as viem does', (type, message) => {
    expect(toHex(typedDigest(domain, type, message))).toBe(hashTypedData(forViem(type, message) as never))
  })

  test('recovers what a wallet signed, and is recovered by one', async () => {
    const [type, message] = messages[1] as (typeof messages)[number]
    const wallet = privateKeyToAccount(fill(32, 7))
    const theirs = await wallet.signTypedData(forViem(type, message) as never)
    expect(recoverSigner(typedDigest(domain, type, message), theirs)).toBe(wallet.address.toLowerCase())
    const key = newSigningKey()
    const ours = signDigest(key, typedDigest(domain, type, message))
    expect((await recoverTypedDataAddress({ ...forViem(type, message), signature: ours } as never)).toLowerCase()).toBe(
      key.address,
    )
  })

  test('refuses a member that is missing or out of range', () => {
    expect(() => typedDigest(domain, launchType, { order, generation: 1 })).toThrow(TypeError)
    expect(() => typedDigest(domain, launchType, { order, generation: 2 ** 32, enclave: fill(20, 2) })).toThrow(
      RangeError,
    )
  })
})
