import {
  documentHash,
  fromHex,
  type Hex,
  requireSigner,
  type Shaped,
  type SigningKey,
  signDigest,
  storageReceiptShape,
} from '@allod/protocol'
import { fail } from './errors.ts'

/** A store's signed word that it holds a blob durably; `time` is in Unix seconds, by the store's clock. */
export type StorageReceipt = Shaped<typeof storageReceiptShape>

/** Signs a receipt with a store's key. */
export function signStorageReceipt(key: SigningKey, blob: Omit<StorageReceipt, 'by'>): StorageReceipt {
  return { ...blob, by: { signer: key.address, signature: signDigest(key, receiptDigest(blob)) } }
}

/**
 * Parses a receipt and refuses one that is not by this store, for this blob, of this size.
 * @throws content/bad-receipt
 */
export function requireStorageReceipt(
  value: unknown,
  { store, digest, sizeBytes }: { readonly store: Hex; readonly digest: Hex; readonly sizeBytes: number },
): StorageReceipt {
  try {
    const receipt = storageReceiptShape(value)
    const { by, ...blob } = receipt
    if (receipt.digest !== digest || receipt.sizeBytes !== sizeBytes)
      throw fail('bad-receipt', { expected: { digest, sizeBytes }, actual: blob })
    requireSigner(receiptDigest(blob), by.signature, store)
    return receipt
  } catch (cause) {
    throw fail('bad-receipt', { cause, expected: { store, digest, sizeBytes } })
  }
}

const receiptDigest = (blob: Omit<StorageReceipt, 'by'>): Uint8Array =>
  fromHex(documentHash('allod/storage-receipt/v1', blob), 32)
