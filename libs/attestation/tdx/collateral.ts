import { equalBytes, fromHex, toHex, utf8 } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { isCertificate } from '../x509/isCertificate.ts'
import { parseOnce } from '../x509/parseOnce.ts'
import { parsePem } from '../x509/pem.ts'
import { fail } from './errors.ts'
import type { EventLog } from './eventLog/measuredEvent.ts'
import { parseEventLog } from './eventLog/parseEventLog.ts'
import { parseQeIdentity, type QeIdentity } from './qeIdentity.ts'
import { parseStrictJson, type StrictJson } from './strictJson.ts'
import { parseTcbInfo, type TcbInfo } from './tcbInfo.ts'

/** A document and what Intel signed of it. */
export type Signed<T> = { readonly body: T; readonly signedBytes: Uint8Array; readonly signature: Uint8Array }

/** Endorsements by what they are. Nothing in them is believed yet. */
export type Collateral = {
  readonly certificates: readonly Certificate[]
  readonly crls: readonly Crl[]
  /** One for each family of platforms. */
  readonly tcbInfos: readonly Signed<TcbInfo>[]
  readonly qeIdentity: Signed<QeIdentity> | null
  readonly eventLogs: readonly EventLog[]
}

const MAX_ENDORSEMENTS = 64
/** All together; Intel's collateral has 20 kB, a full firmware log 256 kB. */
const MAX_BYTES = 1 << 22
const MAX_CERTIFICATES = 32
/** Intel's have 3 to 7 kB. */
const MAX_JSON_BYTES = 1 << 18

/**
 * Sorts endorsements by their content. The same bytes twice are one.
 * @throws tdx/bad-endorsement, tdx/conflicting-endorsements, and what the parsers of each sort throw
 */
export function sortCollateral(endorsements: readonly Uint8Array[]): Collateral {
  if (endorsements.length > MAX_ENDORSEMENTS)
    throw fail('bad-endorsement', { expected: `at most ${MAX_ENDORSEMENTS}`, actual: endorsements.length })
  const sizeBytes = endorsements.reduce((sum, { length }) => sum + length, 0)
  if (sizeBytes > MAX_BYTES)
    throw fail('bad-endorsement', { expected: `at most ${MAX_BYTES} bytes`, actual: sizeBytes })
  const distinct = endorsements.filter((one, i) => endorsements.findIndex((other) => equalBytes(one, other)) === i)
  const sorted = distinct.map(sort)
  // Each chain brings the root again, and often the same signer: the same bytes are the same certificate.
  const certificates = new Set(
    sorted.flatMap((s) => (s.sort === 'certificates' ? s.certificates.map((der) => parseOnce(der)) : [])),
  )
  const tcbInfos = sorted.flatMap((s) => (s.sort === 'tcb-info' ? [s.tcbInfo] : []))
  const families = tcbInfos.map(({ body }) => body.fmspc)
  if (new Set(families).size < families.length) throw conflict('TCB info', families.length)
  const [qeIdentity = null, ...otherIdentities] = sorted.flatMap((s) =>
    s.sort === 'qe-identity' ? [s.qeIdentity] : [],
  )
  if (otherIdentities.length > 0) throw conflict('QE identity', otherIdentities.length + 1)
  const crls = sorted.flatMap((s) => (s.sort === 'crl' ? [s.crl] : []))
  if (crls.some((crl, i) => crls.findIndex((other) => equalBytes(crl.issuer, other.issuer)) !== i))
    throw conflict('revocation list', crls.length)
  return {
    certificates: [...certificates],
    crls,
    tcbInfos,
    qeIdentity,
    eventLogs: sorted.flatMap((s) => (s.sort === 'event-log' ? [s.eventLog] : [])),
  }
}

type Sorted =
  | { readonly sort: 'certificates'; readonly certificates: readonly Uint8Array[] }
  | { readonly sort: 'crl'; readonly crl: Crl }
  | { readonly sort: 'tcb-info'; readonly tcbInfo: Signed<TcbInfo> }
  | { readonly sort: 'qe-identity'; readonly qeIdentity: Signed<QeIdentity> }
  | { readonly sort: 'event-log'; readonly eventLog: EventLog }

const OPEN_BRACE = 0x7b
const DASH = 0x2d
const SEQUENCE = 0x30

function sort(bytes: Uint8Array): Sorted {
  const eventLog = parseEventLog(bytes)
  if (eventLog !== null) return { sort: 'event-log', eventLog }
  switch (bytes[0]) {
    case OPEN_BRACE:
      return sortJson(parseStrictJson(bytes, MAX_JSON_BYTES))
    case DASH: {
      const blocks = parsePem(bytes, 'CERTIFICATE', MAX_CERTIFICATES, { allowTrailingNul: true })
      return { sort: 'certificates', certificates: blocks }
    }
    case SEQUENCE:
      return isCertificate(bytes)
        ? { sort: 'certificates', certificates: [bytes] }
        : { sort: 'crl', crl: parseCrl(bytes) }
    default:
      throw fail('bad-endorsement', { actual: toHex(bytes.subarray(0, 16)) })
  }
}

function sortJson(document: StrictJson): Sorted {
  const { signature, ...rest } = document as { readonly [name: string]: StrictJson }
  const [[name, body] = ['nothing', null], ...others] = Object.entries(rest)
  if ((name !== 'tcbInfo' && name !== 'enclaveIdentity') || others.length > 0 || typeof signature !== 'string')
    throw fail('bad-endorsement', {
      expected: 'tcbInfo or enclaveIdentity, and signature',
      actual: [name, ...others.map(([other]) => other)].slice(0, 4).map((key) => key.slice(0, 40)),
    })
  const signed = { signedBytes: utf8(JSON.stringify(body)), signature: parseSignature(signature) }
  return name === 'tcbInfo'
    ? { sort: 'tcb-info', tcbInfo: { body: parseTcbInfo(body), ...signed } }
    : { sort: 'qe-identity', qeIdentity: { body: parseQeIdentity(body), ...signed } }
}

// r ‖ s in hex, over the very characters of the member (PCS API v4).
function parseSignature(hex: string): Uint8Array {
  if (!/^[0-9a-f]{128}$/i.test(hex)) throw fail('bad-endorsement', { expected: 'a signature of 64 bytes in hex' })
  return fromHex(`0x${hex.toLowerCase()}`)
}

const conflict = (what: string, count: number) => fail('conflicting-endorsements', { actual: `${count} of ${what}` })
