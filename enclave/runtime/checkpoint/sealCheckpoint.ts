import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { paddedLength } from '@allod/content'
import { concat, fromHex, type Hex, type Secret, u32, utf8 } from '@allod/protocol'

/** Largest checkpoint that is kept, in bytes before padding; an order with a larger one trains from its start again. */
export const MAX_CHECKPOINT_BYTES = 192 << 20

const NONCE_BYTES = 12
const TAG_BYTES = 16
const PADDING_LOG2 = 16

/** What the tag covers besides the bytes: which order's they are. */
const context = (order: Hex): Uint8Array => concat(utf8('allod/checkpoint/v1'), fromHex(order))

/**
 * nonce ‖ AES-256-GCM(u32 length ‖ bytes ‖ zeros up to a size class). The nonce is random: an order makes far fewer
 * checkpoints than would repeat one.
 */
export function sealCheckpoint(key: Secret, order: Hex, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(paddedLength(4 + bytes.length, PADDING_LOG2))
  plain.set(u32(bytes.length))
  plain.set(bytes, 4)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.expose(), nonce)
  cipher.setAAD(context(order))
  const sealed = concat(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
  plain.fill(0)
  return sealed
}

/** The checkpoint, or null where it is not one that this order made. */
export function openCheckpoint(key: Secret, order: Hex, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < NONCE_BYTES + 4 + TAG_BYTES) return null
  const tagAt = sealed.length - TAG_BYTES
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const cipher = createDecipheriv('aes-256-gcm', key.expose(), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(context(order))
  cipher.setAuthTag(sealed.subarray(tagAt))
  const plain = cipher.update(sealed.subarray(NONCE_BYTES, tagAt))
  try {
    cipher.final()
  } catch {
    plain.fill(0)
    return null
  }
  const length = plain.readUInt32BE(0)
  return length <= plain.length - 4 ? plain.subarray(4, 4 + length) : null
}
