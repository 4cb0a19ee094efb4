import { toHex } from '@allod/protocol'
import { fail } from './errors.ts'

const ENTRY_BYTES = 24
const MAX_ENTRIES = 16
const MAX_TABLE_BYTES = 1 << 16

// GUIDs stand in the order of their digits, as uuid_parse writes them; GHCB 56421, "SNP Extended Guest Request".
const sorts = {
  '0x63da758de6644564adc5f4b93be8accd': 'vcek',
  '0xa8074bc2a25a483eaae639c045a0b8a1': 'vlek',
  '0x4ab7b379bbac4fe4a02f05aef327c782': 'ask',
  '0xc0b406a4a803495297433fb6014cd0ae': 'ark',
  '0x92f81bc358114d3d97ffd19f88dc67ea': 'crl',
  // Google's launch endorsement of its firmware: theirs to read, ours to pass over.
  '0x9f4116cdc5034f5a8f6ffb68882f4ce2': 'other',
} as const

/** What an entry of the table is said to be. An ASVK comes as ASK. */
export type TableSort = (typeof sorts)[keyof typeof sorts]

/** One entry of the table. */
export type TableEntry = { readonly sort: TableSort; readonly bytes: Uint8Array }

/** Whether bytes start as a certificate table does, with the GUID of a known sort. */
export const isCertificateTable = (bytes: Uint8Array): boolean => sortOf(bytes, 0) !== null

/**
 * Parses the table of certificates that a host hands its guest: `auxblob` of configfs-tsm, or the data of an extended guest
 * request. At most 16 entries and 64 KiB; parts lie behind the header, do not overlap, and every byte beside them is zero.
 * @throws sevsnp/bad-certificate-table
 */
export function parseCertificateTable(bytes: Uint8Array): readonly TableEntry[] {
  if (bytes.length > MAX_TABLE_BYTES) throw bad(`<= ${MAX_TABLE_BYTES} bytes`, bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: { sort: TableSort; start: number; end: number }[] = []
  for (let at = 0; ; at += ENTRY_BYTES) {
    if (at + ENTRY_BYTES > bytes.length || parts.length > MAX_ENTRIES) throw bad('a last entry of zeros', at)
    if (bytes.subarray(at, at + ENTRY_BYTES).every((b) => b === 0)) break
    const sort = sortOf(bytes, at)
    if (sort === null) throw bad('a known GUID', toHex(bytes.subarray(at, at + 16)))
    const start = view.getUint32(at + 16, true)
    parts.push({ sort, start, end: start + view.getUint32(at + 20, true) })
  }
  requireDisjoint(bytes, parts)
  return parts.map(({ sort, start, end }) => ({ sort, bytes: bytes.slice(start, end) }))
}

function requireDisjoint(bytes: Uint8Array, parts: readonly { start: number; end: number }[]): void {
  let free = (parts.length + 1) * ENTRY_BYTES
  for (const { start, end } of [...parts].sort((a, b) => a.start - b.start)) {
    if (start < free || end <= start || end > bytes.length)
      throw bad('parts that lie apart, inside', `${start}..${end}`)
    requireZero(bytes, free, start)
    free = end
  }
  requireZero(bytes, free, bytes.length)
}

function requireZero(bytes: Uint8Array, from: number, to: number): void {
  if (bytes.subarray(from, to).some((b) => b !== 0)) throw bad('zeros between the parts', `${from}..${to}`)
}

function sortOf(bytes: Uint8Array, at: number): TableSort | null {
  const guid = toHex(bytes.subarray(at, at + 16))
  return Object.hasOwn(sorts, guid) ? sorts[guid as keyof typeof sorts] : null
}

const bad = (expected: string, actual: unknown) => fail('bad-certificate-table', { expected, actual })
