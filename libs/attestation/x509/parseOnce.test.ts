import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { issueCertificate } from '../testing/issue.ts'
import { newTestKey } from '../testing/testKey.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { parseOnce } from './parseOnce.ts'
import { verifyChain } from './verifyChain.ts'

const NOW = 1_700_000_000
const key = await newTestKey('P-256')
const root = await issueCertificate({ subject: 'Root', key, isCa: true })
const issued = await issueCertificate({
  subject: 'Authority',
  key: await newTestKey('P-256'),
  issuer: root,
  isCa: true,
})
const pinned = parseCertificate(root.der)

const judge = (certificate: Certificate, now = NOW) => codeOf(() => verifyChain([certificate], { root: pinned, now }))

/** The same certificate with one bit of its signature changed: its last byte. */
function forged(der: Uint8Array): Uint8Array {
  const changed = der.slice()
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  return changed
}

test('the same bytes are the same certificate', () => {
  expect(parseOnce(issued.der)).toBe(parseOnce(issued.der.slice()))
})

test('a forgery is not believed for its likeness to a certificate that was', async () => {
  expect(await judge(parseOnce(issued.der))).toBe('accepted')
  expect(await judge(parseOnce(forged(issued.der)))).toBe('x509/bad-signature')
})

test('a certificate that was believed is valid no longer than it says', async () => {
  expect(await judge(parseOnce(issued.der))).toBe('accepted')
  expect(await judge(parseOnce(issued.der), parseOnce(issued.der).notAfter + 1)).toBe('x509/expired')
})

test('a signature that one root made is none of another root with the same name', async () => {
  const other = await issueCertificate({ subject: 'Root', key: await newTestKey('P-256'), isCa: true })
  expect(await judge(parseOnce(issued.der))).toBe('accepted')
  const strange = { root: parseCertificate(other.der), now: NOW }
  expect(await codeOf(() => verifyChain([parseOnce(issued.der)], strange))).toBe('x509/bad-signature')
})

test('bytes that change after they were believed change nothing that is remembered', async () => {
  const mine = issued.der.slice()
  const { spki, tbs } = parseOnce(mine)
  const before = [spki.slice(), tbs.slice()]
  mine.fill(0)
  expect([parseOnce(issued.der).spki, parseOnce(issued.der).tbs]).toEqual(before)
})

test('thirty-two are remembered, and the oldest forgotten first', async () => {
  const first = parseOnce(issued.der)
  const others = await Promise.all(
    Array.from({ length: 32 }, (_, serial) => issueCertificate({ subject: 'Other', key, issuer: root, serial })),
  )
  for (const { der } of others) parseOnce(der)
  expect(parseOnce(issued.der)).not.toBe(first)
})

test('what is not kept pushes nothing out', async () => {
  const first = parseOnce(issued.der)
  for (let serial = 0; serial < 32; serial++) {
    const { der } = await issueCertificate({ subject: 'Leaf', key, issuer: root, serial })
    const leaf = parseOnce(der, ({ isCa }) => isCa)
    expect(parseOnce(der, ({ isCa }) => isCa)).not.toBe(leaf)
  }
  expect(parseOnce(issued.der)).toBe(first)
})
