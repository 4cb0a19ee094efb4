import { fromHex, fromUtf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** Eight GPUs, four switches and a CPU with all their collateral are below 3 MiB. */
export const MAX_FILE_BYTES = 8 << 20

/** A file once the armour of text is off: JSON, XML and PEM stay text, hex and base64 become bytes. */
export type Unarmoured =
  | { readonly form: 'json'; readonly value: unknown; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly form: 'xml' | 'pem'; readonly text: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly form: 'binary'; readonly bytes: Uint8Array<ArrayBuffer> }

/**
 * Tells the forms apart by content; names of files mean nothing.
 * @throws file/too-large
 */
export function unarmoured(given: Uint8Array): Unarmoured {
  if (given.length > MAX_FILE_BYTES)
    throw fail('too-large', { expected: `<= ${MAX_FILE_BYTES} bytes`, actual: given.length })
  const bytes = new Uint8Array(given)
  const text = textOf(bytes)
  if (text === null) return { form: 'binary', bytes }
  const start = text.slice(0, 64).trimStart()
  if (start.startsWith('<')) return { form: 'xml', text, bytes }
  if (text.includes('-----BEGIN ') && !/^[{[]/.test(start)) return { form: 'pem', text, bytes }
  if (/^[{[]/.test(start)) {
    const value = isShallow(bytes) ? jsonOf(text) : undefined
    return value === undefined ? { form: 'binary', bytes } : { form: 'json', value, bytes }
  }
  return { form: 'binary', bytes: bytesOfText(text) ?? bytes }
}

/** Bytes of hex, with `0x` or without, or of base64 in either alphabet; null for any other text. White space is nothing. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> | null {
  const dense = text.replaceAll(/\s+/g, '')
  if (dense === '') return null
  const digits = dense.replace(/^0[xX]/, '')
  if (digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits)) return fromHex(`0x${digits.toLowerCase()}`)
  const standard = dense
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '')
  if (standard.length % 4 === 1 || !/^[A-Za-z0-9+/]*$/.test(standard)) return null
  const binary = atob(standard)
  const out = new Uint8Array(binary.length)
  for (let i = 0; i < out.length; i++) out[i] = binary.charCodeAt(i)
  return out
}

// Only what is printable: a quote or a certificate holds other bytes within its first few.
function textOf(bytes: Uint8Array): string | null {
  for (const byte of bytes) if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return null
  try {
    return fromUtf8(bytes).replace(/^\ufeff/, '')
  } catch {
    return null
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** No layout nests deeper than ten; a parser of millions of brackets would take seconds over them. */
const MAX_DEPTH = 64
const [QUOTE, BACKSLASH] = [0x22, 0x5c]

function isShallow(bytes: Uint8Array): boolean {
  let depth = 0
  let isInText = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) isInText = !isInText
    else if (isInText) i += byte === BACKSLASH ? 1 : 0
    else if (byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
    if (depth > MAX_DEPTH) return false
  }
  return true
}
