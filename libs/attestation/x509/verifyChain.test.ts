import { isAllodError } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { integer } from '../testing/derWriter.ts'
import {
  type CertificateFacts,
  commonName,
  extension,
  issueCertificate,
  type TestCertificate,
} from '../testing/issue.ts'
import { newTestKey } from '../testing/testKey.ts'
import { type Certificate, parseCertificate } from './certificate.ts'
import { type ChainOptions, MAX_CHAIN, verifyChain } from './verifyChain.ts'

const NOW = 1_700_000_000
const keys = {
  root: await newTestKey('rsa-pss'),
  middle: await newTestKey('P-256'),
  leaf: await newTestKey('P-384'),
  strange: await newTestKey('rsa-pss'),
}

type Changes = {
  readonly root?: Partial<CertificateFacts>
  readonly middle?: Partial<CertificateFacts>
  readonly leaf?: Partial<CertificateFacts>
}

type Issued = { readonly root: TestCertificate; readonly middle: TestCertificate; readonly leaf: TestCertificate }

type Order = (issued: Issued) => readonly TestCertificate[]

/** Three tiers, as AMD's and Intel's. */
async function issue(changes: Changes = {}): Promise<Issued> {
  const root = await issueCertificate({ subject: 'Root', key: keys.root, isCa: true, ...changes.root })
  const middle = await issueCertificate({
    ...{ subject: 'Middle', key: keys.middle, issuer: root, serial: 2, isCa: true, pathLength: 0 },
    ...changes.middle,
  })
  const leaf = await issueCertificate({ subject: 'Leaf', key: keys.leaf, issuer: middle, serial: 3, ...changes.leaf })
  return { root, middle, leaf }
}

const parse = ({ der }: TestCertificate): Certificate => parseCertificate(der)

async function judge(
  changes: Changes,
  options: Partial<ChainOptions> = {},
  order: Order = ({ leaf, middle }) => [leaf, middle],
): Promise<string> {
  const issued = await issue(changes)
  return await codeOf(() => verifyChain(order(issued).map(parse), { root: parse(issued.root), now: NOW, ...options }))
}

test('leads to the pinned root, and says until when', async () => {
  const { root, middle, leaf } = await issue({ middle: { notAfter: NOW + 100 } })
  const pinned = { root: parse(root), now: NOW }
  expect(await verifyChain([leaf, middle].map(parse), pinned)).toEqual({ validUntil: NOW + 100 })
  expect(await verifyChain([middle].map(parse), pinned)).toEqual({ validUntil: NOW + 100 })
})

test('a copy of the root at the end is dropped; one issued anew for the same key too, and the pinned one judged', async () => {
  expect(await judge({}, {}, ({ leaf, middle, root }) => [leaf, middle, root])).toBe('accepted')
  const again = await issueCertificate({ subject: 'Root', key: keys.root, isCa: true, serial: 77, notAfter: NOW - 1 })
  expect(await judge({}, {}, ({ leaf, middle }) => [leaf, middle, again])).toBe('accepted')
  const old = { root: { notAfter: NOW - 1 } }
  const fresh = await issueCertificate({ subject: 'Root', key: keys.root, isCa: true })
  expect(await judge(old, {}, ({ leaf, middle }) => [leaf, middle, fresh])).toBe('x509/expired')
})

test('dates include their first and last second', async () => {
  expect(await judge({ leaf: { notBefore: NOW, notAfter: NOW } })).toBe('accepted')
})

test('an authority that does not say what its key may do is one', async () => {
  expect(await judge({ middle: { keyUsage: null } })).toBe('accepted')
})

test('a path length counts the authorities below, not the leaf', async () => {
  expect(await judge({ root: { pathLength: 1 }, middle: { pathLength: 0 } })).toBe('accepted')
})

test('a critical extension that the caller understands is none of the chain’s business', async () => {
  const leaf = { extensions: [extension('2.23.133.5.4.1', integer(1), true)] }
  expect(await judge({ leaf }, { understood: ['2.23.133.5.4.1'] })).toBe('accepted')
})

const strange = await issueCertificate({ subject: 'Root', key: keys.strange, isCa: true })
const otherwise = await issueCertificate({ subject: 'Other', key: keys.root, isCa: true })
const isForged = { outer: (parts: readonly Uint8Array[]) => parts.with(2, flipped(parts[2] as Uint8Array)) }
const unknown = { extensions: [extension('1.2.3.4', integer(1), true)] }

const refused: readonly (readonly [string, string, Changes, Order?])[] = [
  ['no certificate', 'x509/chain-length', {}, () => []],
  ['the root alone', 'x509/chain-length', {}, ({ root }) => [root]],
  ['more certificates than any vendor’s', 'x509/chain-length', {}, ({ leaf }) => Array(MAX_CHAIN + 1).fill(leaf)],
  ['ten thousand certificates', 'x509/chain-length', {}, ({ leaf }) => Array(10_000).fill(leaf)],
  ['another root of the same name', 'x509/root-untrusted', {}, ({ leaf, middle }) => [leaf, middle, strange]],
  ['another root of the same key', 'x509/root-untrusted', {}, ({ leaf, middle }) => [leaf, middle, otherwise]],
  ['an end that the root did not issue', 'x509/root-untrusted', {}, ({ leaf }) => [leaf]],
  ['a self-signed leaf', 'x509/root-untrusted', {}, () => [strange]],
  ['an end that another root of that name issued', 'x509/bad-signature', { middle: { issuer: strange } }],
  ['a chain in the wrong order', 'x509/root-untrusted', {}, ({ leaf, middle }) => [middle, leaf]],
  ['a certificate of another chain inside', 'x509/name-chain', {}, ({ leaf, middle }) => [leaf, leaf, middle]],
  [
    'a leaf by a name that is not the next one’s',
    'x509/name-chain',
    { middle: { subject: 'middle' }, leaf: { issuer: otherwise } },
  ],
  ['a leaf with a forged signature', 'x509/bad-signature', { leaf: isForged }],
  ['an authority with a forged signature', 'x509/bad-signature', { middle: isForged }],
  [
    'a leaf that another key signed',
    'x509/bad-signature',
    { leaf: { issuer: { ...strange, subject: commonName('Middle') } } },
  ],
  ['an issuer that is no authority', 'x509/not-ca', { middle: { isCa: false } }],
  ['an issuer that only says its key may sign', 'x509/not-ca', { middle: { isCa: false, keyUsage: ['keyCertSign'] } }],
  ['an issuer that says nothing', 'x509/not-ca', { middle: { isCa: false, keyUsage: null } }],
  ['an issuer whose key may not sign certificates', 'x509/not-ca', { middle: { keyUsage: ['digitalSignature'] } }],
  ['a pinned root that is no authority', 'x509/not-ca', { root: { isCa: false } }],
  ['a root that may have no authority below', 'x509/path-too-long', { root: { pathLength: 0 } }],
  ['a leaf from the future', 'x509/not-yet-valid', { leaf: { notBefore: NOW + 1 } }],
  ['an authority from the future', 'x509/not-yet-valid', { middle: { notBefore: NOW + 1 } }],
  ['a pinned root from the future', 'x509/not-yet-valid', { root: { notBefore: NOW + 1 } }],
  ['an expired leaf', 'x509/expired', { leaf: { notAfter: NOW - 1 } }],
  ['an expired authority', 'x509/expired', { middle: { notAfter: NOW - 1 } }],
  ['an expired pinned root', 'x509/expired', { root: { notAfter: NOW - 1 } }],
  ['a leaf with an unknown critical extension', 'x509/unknown-critical-extension', { leaf: unknown }],
  ['an authority with one', 'x509/unknown-critical-extension', { middle: unknown }],
  ['a pinned root with one', 'x509/unknown-critical-extension', { root: unknown }],
]

for (const [name, code, changes, order] of refused)
  test(`refuses ${name} as ${code}`, async () => {
    expect(await judge(changes, {}, order)).toBe(code)
  })

test('counts path lengths in chains of several authorities', async () => {
  const { root, middle } = await issue({ middle: { pathLength: 1 } })
  const second = await issueCertificate({ subject: 'Second', key: keys.middle, issuer: middle, isCa: true })
  const third = await issueCertificate({ subject: 'Third', key: keys.middle, issuer: second, isCa: true })
  const leaf = await issueCertificate({ subject: 'Leaf', key: keys.leaf, issuer: third })
  const pinned = { root: parse(root), now: NOW }
  expect(await codeOf(() => verifyChain([third, second, middle].map(parse), pinned))).toBe('accepted')
  const whole = [leaf, third, second, middle].map(parse)
  expect(await codeOf(() => verifyChain(whole, pinned))).toBe('x509/path-too-long')
})

test('says which certificate, what was expected and what was found', async () => {
  const { root, middle, leaf } = await issue({ leaf: { notAfter: NOW - 1 } })
  const error = await verifyChain([leaf, middle].map(parse), { root: parse(root), now: NOW }).catch((e: unknown) => e)
  expect(isAllodError(error) && error.meta).toEqual({ expected: NOW - 1, actual: NOW, commonName: 'Leaf' })
})

function flipped(signature: Uint8Array): Uint8Array {
  return signature.with(-1, (signature.at(-1) as number) ^ 1)
}

test('a clock that is no number is at no moment of any certificate', async () => {
  expect(await judge({}, { now: Number.NaN })).toBe('x509/not-yet-valid')
})
