import { type Hex, newSigningKey } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { requireStorageReceipt, signStorageReceipt } from './storageReceipt.ts'
import { codeOf, vectorsOf } from './testing/vectors.ts'

type Vector = { receipt: unknown; store: Hex; digest: Hex; sizeBytes: number }
const { good, bad } = vectorsOf<{ good: Vector[]; bad: (Vector & { name: string })[] }>('receipts')

describe('storage receipt', () => {
  it('has all its vectors', () => expect([good.length, bad.length]).toEqual([1, 6]))

  it.each(good)('is taken from its store', ({ receipt, ...blob }) => {
    expect(requireStorageReceipt(receipt, blob)).toEqual(receipt)
  })

  it.each(bad)('is refused $name: content/bad-receipt', async ({ receipt, ...blob }) => {
    expect(await codeOf(() => requireStorageReceipt(receipt, blob))).toBe('content/bad-receipt')
  })

  it('is what a store signs', () => {
    const key = newSigningKey()
    const blob = { digest: (good[0] as Vector).digest, sizeBytes: 5 }
    requireStorageReceipt(signStorageReceipt(key, { ...blob, time: 1 }), { ...blob, store: key.address })
  })
})
