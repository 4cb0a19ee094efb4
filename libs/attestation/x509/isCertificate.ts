import { readDerHeader } from './der.ts'

/** Whether DER is a certificate, and not a revocation list: its signed part starts with [0] version. @throws x509/bad-der */
export function isCertificate(der: Uint8Array): boolean {
  const outer = readDerHeader(der, 0, der.length)
  const tbs = readDerHeader(der, outer.contentAt, outer.end)
  return der[tbs.contentAt] === 0xa0
}
