import { concat, equalBytes, fromUtf8, utf8 } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { FileEntry } from '../folder.ts'

/** Bytes of a block: headers are one, contents are filled up to whole ones. */
export const BLOCK_BYTES = 512

// POSIX.1-1988 (ustar) field widths.
const NAME_BYTES = 100
const PREFIX_BYTES = 155
const OCTAL_SIZE_LIMIT = 8 ** 11
const CHECKSUM_AT = 148

/**
 * The one header block a file can have: no time, owner, link or device; the mode says executable or not. Files of 8 GiB and
 * more use the base-256 size that every tar reads.
 * @throws content/bad-path where the name fits no header
 */
export function encodeEntry(file: FileEntry): Uint8Array {
  const { name, prefix } = splitPath(file.path)
  const block = concat(
    field(name, NAME_BYTES),
    octal(file.isExecutable ? 0o755 : 0o644, 8),
    octal(0, 8),
    octal(0, 8),
    sizeField(file.sizeBytes),
    octal(0, 12),
    utf8('        '),
    utf8('0'),
    new Uint8Array(NAME_BYTES),
    utf8('ustar\x0000'),
    new Uint8Array(32 + 32),
    octal(0, 8),
    octal(0, 8),
    field(prefix, PREFIX_BYTES),
    new Uint8Array(12),
  )
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), CHECKSUM_AT)
  return block
}

/**
 * The file of a header block, or null for a block of zeros, which ends the archive. Whatever is not byte for byte what
 * `encodeEntry` writes is refused, so that an archive has one form only.
 * @throws content/bad-archive
 */
export function decodeEntry(block: Uint8Array): FileEntry | null {
  if (block.every((b) => b === 0)) return null
  let file: FileEntry
  try {
    const name = textAt(block, 0, NAME_BYTES)
    const prefix = textAt(block, 345, PREFIX_BYTES)
    file = {
      path: prefix === '' ? name : `${prefix}/${name}`,
      sizeBytes: sizeAt(block),
      isExecutable: textAt(block, 100, 8) === '0000755',
    }
    if (equalBytes(encodeEntry(file), block)) return file
  } catch (cause) {
    throw fail('bad-archive', { cause, meta: { reason: 'header' } })
  }
  throw fail('bad-archive', { actual: file.path, meta: { reason: 'header' } })
}

/** Zero bytes that fill a file's content up to a whole block. */
export const fillOf = (sizeBytes: number): number => (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES

function splitPath(path: string): { name: Uint8Array; prefix: Uint8Array } {
  const bytes = utf8(path)
  if (bytes.length <= NAME_BYTES) return { name: bytes, prefix: new Uint8Array() }
  // The first slash that leaves a short enough name: one path, one spelling.
  for (let at = bytes.indexOf(0x2f); at !== -1 && at <= PREFIX_BYTES; at = bytes.indexOf(0x2f, at + 1))
    if (bytes.length - at - 1 <= NAME_BYTES) return { name: bytes.subarray(at + 1), prefix: bytes.subarray(0, at) }
  throw fail('bad-path', { actual: path, expected: 'a slash that splits it into 155 and 100 bytes' })
}

const field = (bytes: Uint8Array, width: number): Uint8Array => concat(bytes, new Uint8Array(width - bytes.length))

const octal = (value: number, width: number): Uint8Array => utf8(`${value.toString(8).padStart(width - 1, '0')}\0`)

function sizeField(sizeBytes: number): Uint8Array {
  if (sizeBytes < OCTAL_SIZE_LIMIT) return octal(sizeBytes, 12)
  const out = new Uint8Array(12)
  new DataView(out.buffer).setBigUint64(4, BigInt(sizeBytes))
  out[0] = 0x80
  return out
}

function sizeAt(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset + 124, 12)
  if (view.getUint8(0) !== 0x80) return Number.parseInt(textAt(block, 124, 12), 8)
  const size = view.getBigUint64(4)
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw fail('bad-archive', { actual: size })
  return Number(size)
}

function textAt(block: Uint8Array, at: number, width: number): string {
  const bytes = block.subarray(at, at + width)
  const end = bytes.indexOf(0)
  return fromUtf8(end === -1 ? bytes : bytes.subarray(0, end))
}
