import { equalBytes, toHex } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { DER } from '../x509/der.ts'
import { isCertificate } from '../x509/isCertificate.ts'
import { parseOnce } from '../x509/parseOnce.ts'
import { parsePem } from '../x509/pem.ts'
import { isCertificateTable, parseCertificateTable, type TableSort } from './certificateTable.ts'
import { fail } from './errors.ts'

const MAX_BLOBS = 16
const MAX_PEM_BLOCKS = 8

const sorts = ['vcek', 'vlek', 'ask', 'asvk', 'ark'] as const
type CertificateSort = (typeof sorts)[number]

/** What was brought along, told apart by what it is; nothing in it is believed yet. */
export type SevSnpEndorsements = { readonly [S in CertificateSort]: Certificate | null } & {
  /** DER; there may be one for VCEKs and one for VLEKs. */
  readonly crls: readonly Uint8Array[]
}

type Item = { readonly sort: CertificateSort; readonly certificate: Certificate } | { readonly crl: Uint8Array }

/**
 * Sorts endorsements: certificates and revocation lists as DER or PEM, and the host's table of certificates, at most 16 in any
 * order. Two alike count once; two different of one sort are refused.
 * @throws sevsnp/bad-endorsement, sevsnp/ambiguous-endorsement, sevsnp/bad-certificate-table, x509/bad-der and the like
 */
export function parseEndorsements(blobs: readonly Uint8Array[]): SevSnpEndorsements {
  if (blobs.length > MAX_BLOBS) throw fail('bad-endorsement', { expected: `<= ${MAX_BLOBS}`, actual: blobs.length })
  const items = blobs.flatMap((blob) => (isCertificateTable(blob) ? tableItems(blob) : itemsOf(blob)))
  const only = (sort: CertificateSort): Certificate | null => {
    const [first = null, ...others] = items.flatMap((item) =>
      'sort' in item && item.sort === sort ? [item.certificate] : [],
    )
    if (first !== null && others.some(({ der }) => !equalBytes(der, first.der)))
      throw fail('ambiguous-endorsement', { expected: `one ${sort}`, actual: 'several' })
    return first
  }
  return {
    vcek: only('vcek'),
    vlek: only('vlek'),
    ask: only('ask'),
    asvk: only('asvk'),
    ark: only('ark'),
    crls: items.flatMap((item) => ('crl' in item ? [item.crl] : [])),
  }
}

function tableItems(blob: Uint8Array): readonly Item[] {
  return parseCertificateTable(blob).flatMap(({ sort, bytes }) => {
    if (sort === 'other') return []
    const items = itemsOf(bytes)
    if (items.every((item) => isSaidToBe(item, sort))) return items
    throw fail('bad-certificate-table', { expected: `what its GUID says: ${sort}`, actual: 'another' })
  })
}

function isSaidToBe(item: Item, sort: TableSort): boolean {
  if ('crl' in item) return sort === 'crl'
  return sort === item.sort || (sort === 'ask' && item.sort === 'asvk')
}

function itemsOf(blob: Uint8Array): readonly Item[] {
  const start = String.fromCharCode(...blob.subarray(0, 20))
  if (start.startsWith('-----BEGIN X509 CRL')) return parsePem(blob, 'X509 CRL', MAX_PEM_BLOCKS).map((crl) => ({ crl }))
  if (start.startsWith('-----BEGIN CERTIFI')) return parsePem(blob, 'CERTIFICATE', MAX_PEM_BLOCKS).map(certificateItem)
  if (blob[0] !== DER.sequence) throw unknown(blob)
  return [isCertificate(blob) ? certificateItem(blob) : { crl: blob }]
}

function certificateItem(der: Uint8Array): Item {
  const certificate = parseOnce(der, ({ isCa }) => isCa)
  const sort = sortOf(certificate.commonName ?? '')
  if (sort === null) throw unknown(der)
  return { sort, certificate }
}

function sortOf(name: string): CertificateSort | null {
  if (name === 'SEV-VCEK') return 'vcek'
  if (name === 'SEV-VLEK') return 'vlek'
  if (name.startsWith('SEV-VLEK-')) return 'asvk'
  if (name.startsWith('SEV-')) return 'ask'
  return name.startsWith('ARK-') ? 'ark' : null
}

const unknown = (bytes: Uint8Array) =>
  fail('bad-endorsement', {
    expected: 'VCEK, VLEK, ASK, ASVK, ARK, CRL or a table',
    actual: toHex(bytes.subarray(0, 32)),
  })
