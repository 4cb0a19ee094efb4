import { fromUtf8 } from '@allod/protocol'
import { fail } from './errors.ts'

/** What is tolerated beside canonical PEM. */
export type PemOptions = {
  /** One trailing NUL, as Intel's quoting library counts the string's end into the length of the chain it embeds. */
  readonly allowTrailingNul?: boolean
}

const MAX_BYTES = 1 << 20
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The contents of the blocks of a PEM text (RFC 7468), in order. Canonical: nothing between blocks but line ends, lines of 64
 * characters but the last, canonical base64. Line ends are LF, or CRLF throughout, as some vendor files have them; the last may
 * lack one, and empty lines may follow a block.
 * @param label CERTIFICATE or X509 CRL
 * @param max the most blocks
 * @throws x509/bad-pem
 */
export function parsePem(bytes: Uint8Array, label: string, max: number, options: PemOptions = {}): Uint8Array[] {
  if (bytes.length > MAX_BYTES) throw bad(`at most ${MAX_BYTES} bytes`, bytes.length)
  const text = textOf(options.allowTrailingNul && bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes)
  const lines = text.split(text.includes('\r\n') ? '\r\n' : '\n')
  const blocks: Uint8Array[] = []
  for (let i = 0; i < lines.length; ) {
    if (lines[i] === '' && blocks.length > 0) {
      i++
      continue
    }
    if (blocks.length === max) throw bad(`at most ${max} blocks`, 'more')
    if (lines[i] !== `-----BEGIN ${label}-----`) throw bad(`-----BEGIN ${label}-----`, lines[i]?.slice(0, 80))
    const end = lines.indexOf(`-----END ${label}-----`, i)
    if (end === -1) throw bad(`-----END ${label}-----`, 'none')
    blocks.push(decode(lines.slice(i + 1, end)))
    i = end + 1
  }
  return blocks
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch (cause) {
    throw fail('bad-pem', { expected: 'text', actual: 'binary', cause })
  }
}

function decode(lines: readonly string[]): Uint8Array {
  const last = lines.length - 1
  if (last < 0 || lines.some((line, i) => (i < last ? line.length !== 64 : line.length < 1 || line.length > 64)))
    throw bad('lines of 64 characters', 'others')
  const text = lines.join('')
  if (!BASE64.test(text)) throw bad('base64', text.slice(0, 80))
  const binary = atob(text)
  // Spare bits of the last character must be zero, else two texts would say the same bytes.
  if (btoa(binary.slice(-(binary.length % 3 || 3))) !== text.slice(-4)) throw bad('canonical base64', text.slice(-4))
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

const bad = (expected: string, actual: unknown) => fail('bad-pem', { expected, actual })
