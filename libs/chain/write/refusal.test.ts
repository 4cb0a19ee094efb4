import { BaseError, encodeErrorResult } from 'viem'
import { expect, test } from 'vitest'
import { contractErrors } from '../revert.ts'
import { refusalOf } from './refusal.ts'

/** An error as a node's answer becomes one: with the contract's words as data. */
class Reverted extends BaseError {
  readonly data: string
  constructor(data: string) {
    super('execution reverted')
    this.data = data
  }
}

const sample = (type: string): unknown =>
  type === 'address'
    ? `0x${'11'.repeat(20)}`
    : type.startsWith('bytes')
      ? `0x${'22'.repeat(32)}`
      : type === 'uint8'
        ? 1
        : 7n

/** Every refusal of every contract, under the code that users see. */
const codes = [
  'assets/bad-header',
  'assets/exists',
  'assets/known-market',
  'assets/lineage-not-reported',
  'assets/not-curator',
  'assets/not-owner',
  'assets/royalties-too-high',
  'assets/too-many-ancestors',
  'assets/too-many-parents',
  'assets/unknown-market',
  'assets/wrong-standing',
  'catalog/not-owner',
  'catalog/too-long',
  'market/already-failed',
  'market/already-reported',
  'market/amount-too-large',
  'market/bad-input',
  'market/bad-interval',
  'market/bad-job',
  'market/bad-kind',
  'market/bad-offer-count',
  'market/bad-offer-signature',
  'market/bad-vote',
  'market/build-not-approved',
  'market/escrow-over-max',
  'market/fee-on-transfer',
  'market/insufficient-balance',
  'market/length-mismatch',
  'market/no-capacity',
  'market/no-runs-left',
  'market/not-buyer',
  'market/not-object-owner',
  'market/not-party',
  'market/not-pauser',
  'market/not-provider',
  'market/nothing-new',
  'market/object-is-live',
  'market/object-not-live',
  'market/offer-expired',
  'market/offer-revoked',
  'market/order-exists',
  'market/pause-too-soon',
  'market/paused',
  'market/term-out-of-range',
  'market/too-early',
  'market/too-few-votes',
  'market/too-late',
  'market/too-many-lanes',
  'market/transfer-failed',
  'market/transfer-from-failed',
  'market/unknown-committee',
  'market/wrong-committee',
  'market/wrong-enclave',
  'market/wrong-epoch',
  'market/wrong-generation',
  'market/wrong-offer',
  'market/wrong-state',
  'market/wrong-token',
  'market/zero-enclave',
  'registry/bad-key',
  'registry/bad-seat-signature',
  'registry/bad-threshold',
  'registry/committee-exists',
  'registry/keeper-exists',
  'registry/not-account',
  'registry/not-ascending',
  'registry/shared-signer',
  'registry/too-long',
  'registry/unknown-committee',
  'registry/unknown-keeper',
  'registry/zero-address',
  'trust/known',
  'trust/not-curator',
  'trust/revoked',
  'trust/too-long',
  'trust/unknown',
  'trust/zero-build',
]

test('every error of every contract has a code, a sentence and a hint of its own', () => {
  const seen = contractErrors.map((error) => {
    const args = error.inputs.map((input) => sample(input.type))
    const data = encodeErrorResult({ abi: [error], errorName: error.name, args } as Parameters<
      typeof encodeErrorResult
    >[0])
    const refusal = refusalOf(new Reverted(data), 'market', '0x')
    expect(Object.keys(refusal.meta)).toEqual(error.inputs.map((i) => i.name))
    expect(refusal.hint).not.toBe('')
    return refusal.code
  })
  expect(seen.sort()).toEqual(codes)
})

test('a refusal that nobody knows keeps its selector', () => {
  expect(refusalOf(new Reverted('0xdeadbeef'), 'market', '0x')).toMatchObject({
    code: 'chain/call-reverted',
    meta: { actual: '0xdeadbeef', contract: 'market' },
  })
  expect(refusalOf(new Reverted('0x'), 'token', '0x')).toMatchObject({ meta: { actual: 'reverted' } })
})
