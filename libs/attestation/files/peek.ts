/*
 * Looks into bytes of which nothing is known yet. What is past their end reads as zeros: whoever then finds a form to be cut
 * says that it is none.
 */

/** Unsigned 16 bits, little-endian. */
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)

/** Unsigned 32 bits, little-endian. */
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) + u16(bytes, at + 2) * 0x10000

/** Whether bytes begin as this text does, a byte each character. */
export function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false
  return true
}
