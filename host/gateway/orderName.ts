import { fromHex, type Hex, toHex } from '@allod/protocol'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** RFC 4648 base32 of an order id, lower case, unpadded: 52 characters, so that it fits a DNS label. */
export function orderLabel(order: Hex): string {
  let bits = 0
  let held = 0
  let out = ''
  for (const byte of fromHex(order, 32)) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += ALPHABET[(held >> bits) & 31]
    }
  }
  return out + ALPHABET[(held << (5 - bits)) & 31]
}

/** The order a label names; null where it is not one in its only spelling. */
export function orderOfLabel(label: string): Hex | null {
  if (!/^[a-z2-7]{52}$/.test(label)) return null
  const bytes = new Uint8Array(32)
  let bits = 0
  let held = 0
  let at = 0
  for (const character of label) {
    held = ((held << 5) | ALPHABET.indexOf(character)) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  const order = toHex(bytes)
  return orderLabel(order) === label ? order : null
}
