import { toHex, utf8 } from '@allod/protocol'
import { startsWith, u16, u32 } from './peek.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** What an envelope holds that its chip's verifier reads. */
export type DstackEnvelope = {
  readonly kind: 'tdx' | 'sevsnp'
  readonly evidence: Bytes
  /** Of a report, certificates as PEM; of a quote, the guest's own events as JSON. */
  readonly endorsements: readonly Bytes[]
}

const KINDS = { 0: 'tdx', 3: 'sevsnp' } as const
const MAX_CERTIFICATES = 8
const MAX_EVENTS = 4096

/**
 * dstack's attestation: a version byte, a variant byte, then SCALE (Parity's codec): the quote or report; after a quote the
 * events measured, after a report certificates as PEM; then what is dstack's alone. Null where it is none.
 *
 * Of the events only those of RTMR3 are kept: an envelope leaves out what the firmware measured, or tells a part of it.
 */
export function dstackEnvelope(bytes: Bytes): DstackEnvelope | null {
  const kind = bytes[0] === 0 ? KINDS[bytes[1] as 0 | 3] : undefined
  const body = kind === undefined ? null : counted(bytes, 2)
  if (kind === undefined || body === null) return null
  const endorsements = kind === 'tdx' ? guestEventsAt(bytes, body.end) : certificatesAt(bytes, body.end)
  return { kind, evidence: body.bytes, endorsements }
}

function certificatesAt(bytes: Bytes, start: number): readonly Bytes[] {
  const count = compact(bytes, start)
  if (count === null || count.value > MAX_CERTIFICATES) return []
  const found: Bytes[] = []
  let at = count.end
  for (let i = 0; i < count.value; i++) {
    const piece = counted(bytes, at)
    if (piece === null || !isPem(piece.bytes)) return []
    found.push(piece.bytes)
    at = piece.end
  }
  return found
}

const isPem = (bytes: Bytes): boolean => startsWith(bytes, '-----BEGIN CERTIFICATE-----')

// Each event: register and type, 32 bits little-endian; digest, which may be empty; name; payload.
function guestEventsAt(bytes: Bytes, start: number): readonly Bytes[] {
  const count = compact(bytes, start)
  if (count === null || count.value > MAX_EVENTS) return []
  const events: object[] = []
  let at = count.end
  for (let i = 0; i < count.value; i++) {
    const digest = counted(bytes, at + 8)
    const name = digest && counted(bytes, digest.end)
    const payload = name && counted(bytes, name.end)
    const event = name && textOf(name.bytes)
    if (!digest || !payload || event === null) return []
    const [imr, type] = [u32(bytes, at), u32(bytes, at + 4)]
    at = payload.end
    if (imr === 3)
      events.push({ imr, event_type: type, digest: digits(digest.bytes), event, event_payload: digits(payload.bytes) })
  }
  return events.length === 0 ? [] : [utf8(JSON.stringify(events))]
}

const digits = (bytes: Bytes): string => toHex(bytes).slice(2)

function textOf(bytes: Bytes): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

type Piece = { readonly bytes: Bytes; readonly end: number }

function counted(bytes: Bytes, at: number): Piece | null {
  const size = compact(bytes, at)
  if (size === null || size.end + size.value > bytes.length) return null
  return { bytes: bytes.slice(size.end, size.end + size.value), end: size.end + size.value }
}

// SCALE's compact integers of one, two and four bytes: the low two bits say which.
function compact(bytes: Bytes, at: number): { readonly value: number; readonly end: number } | null {
  const first = bytes[at]
  if (first === undefined || (first & 3) === 3) return null
  if ((first & 3) === 0) return { value: first >> 2, end: at + 1 }
  return (first & 3) === 1
    ? { value: u16(bytes, at) >> 2, end: at + 2 }
    : { value: Math.floor(u32(bytes, at) / 4), end: at + 4 }
}
