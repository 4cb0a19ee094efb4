import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, fromHex, sha256, toHex } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { parseCrl, requireNotRevoked, verifyCrl } from './crl.ts'
import { parsePem } from './pem.ts'
import { verifySignature } from './signature.ts'
import { verifyChain } from './verifyChain.ts'

// Genuine recordings, read in place where they are: certificates inside quotes, JSON, XML and base64 of these too.
const folder = join(import.meta.dirname, '../../../../shared/vectors/attestation')
const isPresent = existsSync(folder)
if (!isPresent) console.log('x509: genuine recordings are absent; their certificates are not checked')

const files = isPresent
  ? readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  : []

type Found = { readonly certificates: Map<string, Uint8Array>; readonly crls: Map<string, Uint8Array> }

const found = collect()
const certificates = [...found.certificates.values()].map(parseCertificate)

describe.skipIf(!isPresent)('every certificate and list among the recordings', () => {
  test('is found: so many of each', () => {
    expect([certificates.length, found.crls.size]).toEqual([145, 14])
  })

  test('is parsed: named, dated, and critical in nothing but what is understood', () => {
    for (const certificate of certificates) {
      expect(certificate.commonName).not.toBeNull()
      expect(certificate.notBefore).toBeLessThan(certificate.notAfter)
      const critical = [...certificate.extensions].filter(([, { isCritical }]) => isCritical).map(([oid]) => oid)
      expect(critical.filter((oid) => oid !== '2.5.29.15' && oid !== '2.5.29.19')).toEqual([])
    }
  })

  test('is signed by its issuer, but for those that were made wrong and whose issuers are absent', async () => {
    const unsigned: string[] = []
    for (const certificate of certificates)
      if (!(await isSigned(certificate))) unsigned.push(certificate.commonName ?? '')
    expect(unsigned.sort()).toEqual([
      // The recording of one quote's chain that its README calls wrong, a manifest with a wrong chain, a service's root.
      'HCC RIM L4 Signer',
      'NVIDIA Attestation Service GPU Intermediate 004',
      'SEV-VCEK',
      'SEV-VCEK',
    ])
  })

  test('chains to its root, where all of the chain is there', async () => {
    let chains = 0
    for (const certificate of certificates) {
      const chain = await chainOf(certificate)
      const root = chain.at(-1)
      if (root === undefined || chain.length < 2) continue
      const now = Math.max(...chain.map((c) => c.notBefore)) + 60
      const code = await codeOf(() => verifyChain(chain, { root, now }))
      expect([certificate.commonName, code]).toEqual([certificate.commonName, 'accepted'])
      chains++
    }
    expect(chains).toBe(131)
  })

  test('lists are by their issuers, current in their time, and name none of the certificates here', async () => {
    for (const der of found.crls.values()) {
      const crl = parseCrl(der)
      const issuers = certificates.filter((c) => equalBytes(c.subject, crl.issuer))
      const codes = await Promise.all(issuers.map((i) => codeOf(() => verifyCrl(crl, i, crl.thisUpdate))))
      expect(codes).toContain('accepted')
      const issued = certificates.filter((c) => equalBytes(c.issuer, crl.issuer))
      for (const certificate of issued) expect(await codeOf(() => requireNotRevoked(certificate, crl))).toBe('accepted')
    }
  })
})

async function isSigned({ issuer, signatureAlgorithm, tbs, signature }: Certificate): Promise<boolean> {
  for (const by of certificates)
    if (equalBytes(by.subject, issuer) && (await verifySignature(by.spki, signatureAlgorithm, tbs, signature)))
      return true
  return false
}

async function chainOf(leaf: Certificate): Promise<readonly Certificate[]> {
  const chain = [leaf]
  for (let at = leaf; !equalBytes(at.issuer, at.subject); ) {
    let next: Certificate | undefined
    for (const by of certificates)
      if (
        equalBytes(by.subject, at.issuer) &&
        (await verifySignature(by.spki, at.signatureAlgorithm, at.tbs, at.signature))
      )
        next = by
    if (next === undefined) return []
    chain.push(next)
    at = next
  }
  return chain
}

function collect(): Found {
  const all: Found = { certificates: new Map(), crls: new Map() }
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(file))
    scan(bytes, all, 2)
    keep(bytes, all)
  }
  return all
}

// What is DER of a certificate or a list by its first bytes must parse; anything else is something else.
function keep(bytes: Uint8Array, all: Found): void {
  const [tag, length, high, low, inner] = bytes
  if (tag !== 0x30 || length !== 0x82 || inner !== 0x30 || bytes.length !== 4 + (high ?? 0) * 256 + (low ?? 0)) return
  const at = bytes[5] === 0x82 ? 8 : bytes[5] === 0x81 ? 7 : 6
  const kind = bytes[at] === 0xa0 ? all.certificates : bytes[at] === 0x02 ? all.crls : null
  kind?.set(toHex(sha256(bytes)), bytes)
}

function scan(bytes: Uint8Array, all: Found, depth: number): void {
  const text = Buffer.from(bytes).toString('latin1')
  for (const [, body = ''] of text.matchAll(/-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----/gs))
    keep(fromBase64(body.replace(/\\n|\\r|%0A|\s/g, '')), all)
  for (const [, body = ''] of text.matchAll(/X509Certificate>(.*?)<\//gs)) keep(fromBase64(body), all)
  for (const [body] of text.matchAll(/-----BEGIN X509 CRL-----.*?-----END X509 CRL-----/gs))
    for (const der of parsePem(new TextEncoder().encode(body), 'X509 CRL', 1)) keep(der, all)
  if (depth === 0) return
  for (const [body] of text.matchAll(/[A-Za-z0-9+/\r\n]{300,}={0,2}/g)) nested(fromBase64(body), all, depth)
  for (const [body] of text.matchAll(/(?:[0-9a-f]{2}){200,}/g)) nested(fromHex(`0x${body}`), all, depth)
}

function nested(bytes: Uint8Array, all: Found, depth: number): void {
  keep(bytes, all)
  scan(bytes, all, depth - 1)
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
