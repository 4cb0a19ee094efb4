import { fromHex, type Hex } from './bytes.ts'
import { documentHash } from './canonical.ts'
import { hex, integer, list, record, type Shaped } from './shape.ts'
import { requireSigner, type SigningKey, signDigest } from './signature.ts'

/** The enclave's word on one answer. Hashes are salted, so a receipt confirms no guess; `time` is the host's claim. */
export const receiptShape = record({
  order: hex(32),
  generation: integer(0, 0xffffffff),
  objects: list(hex(32), 8),
  engine: hex(32),
  salt: hex(32),
  requestHash: hex(32),
  responseHash: hex(32),
  promptTokens: integer(),
  completionTokens: integer(),
  time: integer(),
  signature: hex(65),
})
export type Receipt = Shaped<typeof receiptShape>

/** Signs a receipt with the enclave's signing key. */
export function signReceipt(key: SigningKey, receipt: Omit<Receipt, 'signature'>): Receipt {
  return { ...receipt, signature: signDigest(key, fromHex(receiptHash(receipt), 32)) }
}

/** Refuses a receipt not signed by this enclave. @throws protocol/wrong-signer */
export function requireReceipt(receipt: Receipt, enclave: Hex): void {
  const { signature, ...body } = receipt
  requireSigner(fromHex(receiptHash(body), 32), signature, enclave)
}

const receiptHash = (receipt: Omit<Receipt, 'signature'>): Hex => documentHash('allod/receipt/v1', receipt)
