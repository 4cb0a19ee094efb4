import { utf8 } from '@allod/protocol'
import { bytesOfText } from './unarmoured.ts'

type Bytes = Uint8Array<ArrayBuffer>

const MAX_BLOCKS = 64
const BLOCK = /-----BEGIN (CERTIFICATE|X509 CRL)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g

/**
 * The blocks of a PEM text: its certificates as one chain in their order, canonically written again, and each revocation
 * list as DER. Text between blocks is nobody’s.
 */
export function pemBlobs(text: string): readonly Bytes[] {
  const lists: Bytes[] = []
  let chain = ''
  let count = 0
  for (const [, label, body = ''] of text.matchAll(BLOCK)) {
    const bytes = bytesOfText(body)
    if (bytes === null || ++count > MAX_BLOCKS) return []
    if (label === 'CERTIFICATE') chain += certificatePem(bytes)
    else lists.push(bytes)
  }
  return [...(chain === '' ? [] : [utf8(chain)]), ...lists]
}

/** Intel’s issuer chains come in headers, URL-encoded. Text that is none is no chain. */
export function pemOfHeader(value: string): readonly Bytes[] {
  try {
    return pemBlobs(decodeURIComponent(value))
  } catch {
    return []
  }
}

// RFC 7468: lines of 64 characters.
function certificatePem(bytes: Bytes): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  const lines = btoa(binary).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
