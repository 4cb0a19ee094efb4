import { expect, test } from 'vitest'
import { type Receipt, requireReceipt, signReceipt } from './receipt.ts'
import { newSigningKey } from './signature.ts'
import { fill } from './testing/samples.ts'

const enclave = newSigningKey(new Uint8Array(32).fill(7))
const receipt = signReceipt(enclave, {
  order: fill(32, 1),
  generation: 1,
  objects: [fill(32, 2)],
  engine: fill(32, 3),
  salt: fill(32, 4),
  requestHash: fill(32, 5),
  responseHash: fill(32, 6),
  promptTokens: 10,
  completionTokens: 20,
  time: 1_800_000_000,
})
const wrongSigner = expect.objectContaining({ code: 'protocol/wrong-signer' })

test('a receipt is its enclave’s word, and nobody else’s', () => {
  expect(requireReceipt(receipt, enclave.address)).toBeUndefined()
  expect(() => requireReceipt(receipt, fill(20, 9))).toThrow(wrongSigner)
})

const changes: readonly Partial<Receipt>[] = [
  { order: fill(32, 9) },
  { generation: 2 },
  { objects: [] },
  { engine: fill(32, 9) },
  { salt: fill(32, 9) },
  { requestHash: fill(32, 9) },
  { responseHash: fill(32, 9) },
  { promptTokens: 11 },
  { completionTokens: 21 },
  { time: 1_800_000_001 },
]

test.each(changes)('a receipt changed to %j is refused', (change) => {
  expect(() => requireReceipt({ ...receipt, ...change }, enclave.address)).toThrow(wrongSigner)
})
