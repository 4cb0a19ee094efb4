import { concat, equalBytes } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { cpuClock, HOSTILE_CPU_SECONDS } from '../testing/cpuClock.ts'
import { extension, issueCertificate, issueCrl } from '../testing/issue.ts'
import { issueOcsp, ocspSigning } from '../testing/issueOcsp.ts'
import { newTestKey } from '../testing/testKey.ts'
import { parseCertificate } from './certificate.ts'
import { parseCrl, requireNotRevoked, verifyCrl } from './crl.ts'
import { type DerNode, readDer } from './der.ts'
import { encodeDer } from './encodeDer.ts'
import { parseOcspResponse } from './ocsp.ts'
import { parsePem } from './pem.ts'
import { verifyChain } from './verifyChain.ts'
import { verifyOcsp } from './verifyOcsp.ts'

const NOW = 1_700_000_000
const SEED = 0x509

const key = await newTestKey('P-256')
const root = await issueCertificate({ subject: 'Root', key, isCa: true })
const middle = await issueCertificate({ subject: 'Middle', key: await newTestKey('P-256'), issuer: root, isCa: true })
const leaf = await issueCertificate({
  ...{ subject: 'Leaf', key: await newTestKey('P-256'), issuer: middle, serial: 7 },
  extensions: [extension('1.2.3.4', Uint8Array.of(5, 0))],
})
const responder = await issueCertificate({
  ...{ subject: 'Responder', key: await newTestKey('P-256'), issuer: middle, extensions: [ocspSigning()] },
})
const revoked = [{ serial: 5, reason: 1 }, { serial: 6 }]
const crl = await issueCrl({ issuer: middle, thisUpdate: NOW - 10, nextUpdate: NOW + 10, revoked })
const nonce = new Uint8Array(16).fill(3)
const dates = { thisUpdate: NOW - 10, nextUpdate: NOW + 10 }
const ocsp = await issueOcsp({ certificate: leaf, issuer: middle, responder, nonce, ...dates })

const [trusted, issuer, subject] = [root, middle, leaf].map(({ der }) => parseCertificate(der)) as [
  ...[ReturnType<typeof parseCertificate>, ReturnType<typeof parseCertificate>, ReturnType<typeof parseCertificate>],
]

type Kind = readonly [name: string, bytes: Uint8Array, run: (bytes: Uint8Array) => Promise<unknown>]

const kinds: readonly Kind[] = [
  ['leaf', leaf.der, (der) => verifyChain([parseCertificate(der), issuer], { root: trusted, now: NOW })],
  ['authority', middle.der, (der) => verifyChain([subject, parseCertificate(der)], { root: trusted, now: NOW })],
  [
    'revocation list',
    crl,
    async (der) => {
      const list = parseCrl(der)
      await verifyCrl(list, issuer, NOW)
      requireNotRevoked(subject, list)
    },
  ],
  [
    'OCSP response',
    ocsp,
    (der) => verifyOcsp(parseOcspResponse(der), { certificate: subject, issuer, now: NOW, nonce }),
  ],
]

describe.each(kinds)('a %s', (_, bytes, run) => {
  test('is accepted as it was issued, so that what follows means something', async () => {
    expect(await codeOf(() => run(bytes))).toBe('accepted')
  })

  test('is refused with one bit flipped in any byte: there is no byte that nobody signed', async () => {
    const accepted: string[] = []
    for (let at = 0; at < bytes.length; at++)
      for (const bit of [at % 8, (at + 5) % 8])
        if ((await codeOf(() => run(bytes.with(at, (bytes[at] as number) ^ (1 << bit))))) === 'accepted')
          accepted.push(`byte ${at} bit ${bit}`)
    expect(accepted).toEqual([])
  })

  test('is refused cut short anywhere, and with anything after it', async () => {
    for (let length = 0; length < bytes.length; length++)
      expect(await codeOf(() => run(bytes.subarray(0, length))), `${length} bytes`).not.toBe('accepted')
    for (let more = 0; more < 256; more++)
      expect(await codeOf(() => run(concat(bytes, Uint8Array.of(more))))).not.toBe('accepted')
  })

  test('is refused spliced with any other', async () => {
    const all = fc.constantFrom(...kinds.map(([, other]) => other))
    const splice = fc.record({ other: all, from: fc.nat(2000), to: fc.nat(2000), at: fc.nat(2000), drop: fc.nat(200) })
    await fc.assert(
      fc.asyncProperty(splice, async ({ other, from, to, at, drop }) => {
        const piece = other.subarray(Math.min(from, to) % other.length, Math.max(from, to) % other.length)
        const start = at % bytes.length
        const spliced = concat(bytes.subarray(0, start), piece, bytes.subarray(start + drop))
        if (!equalBytes(spliced, bytes)) expect(await codeOf(() => run(spliced))).not.toBe('accepted')
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })
})

/** Trees of plausible tags, some of which are DER. */
const tree: fc.Arbitrary<Uint8Array> = fc.letrec<{ node: Uint8Array }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6 },
    fc
      .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 12, 19, 23, 24, 0x80, 0x81), fc.uint8Array({ maxLength: 24 }))
      .map(([tag, content]) => encodeDer(tag, content)),
    fc
      .tuple(fc.constantFrom(0x30, 0x30, 0x31, 0xa0, 0xa1, 0xa3), fc.array(tie('node'), { maxLength: 6 }))
      .map(([tag, children]) => encodeDer(tag, ...children)),
  ),
})).node

const filled = (size: number, byte: number) => new Uint8Array(size).fill(byte)
const hostile = [
  ...[0x00, 0x30, 0x31, 0xa0, 0xff, 0x2d, 0x0a].map((byte) => filled(10 << 20, byte)),
  encodeDer(0x30, filled(10 << 20, 0x30)),
  encodeDer(0x30, filled(10 << 20, 0x05)),
  encodeDer(0x30, encodeDer(0x30, filled(10 << 20, 0x00))),
]

const parsers: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
  ['certificates', parseCertificate],
  ['revocation lists', parseCrl],
  ['OCSP responses', parseOcspResponse],
  ['PEM', (bytes) => parsePem(bytes, 'CERTIFICATE', 8, { allowTrailingNul: true })],
]

describe.each(parsers)('the parser of %s', (_, parse) => {
  test('answers random bytes and random trees with a typed error', async () => {
    const bytes = fc.oneof(tree, fc.uint8Array({ maxLength: 400 }))
    await fc.assert(
      fc.asyncProperty(bytes, async (input) => {
        expect(await codeOf(() => parse(input))).toMatch(/^x509\//)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })

  test('answers hostile sizes with a typed error in bounded time', async () => {
    const cpuSeconds = cpuClock()
    for (const bytes of hostile) expect(await codeOf(() => parse(bytes))).toMatch(/^x509\//)
    expect(cpuSeconds()).toBeLessThan(HOSTILE_CPU_SECONDS)
  })
})

test('what is read as DER is written back as the same bytes: no two texts say one thing', async () => {
  let read = 0
  const property = fc.asyncProperty(tree, fc.nat(400), fc.nat(255), async (der, at, byte) => {
    for (const bytes of [der, der.with(at % der.length, byte)]) {
      if ((await codeOf(() => readDer(bytes))) !== 'accepted') continue
      expect(rewritten(readDer(bytes))).toEqual(bytes)
      read++
    }
  })
  await fc.assert(property, { seed: SEED, numRuns: 5_000 })
  expect(read).toBeGreaterThan(500)
})

function rewritten({ tag, content, children }: DerNode): Uint8Array {
  return (tag & 0x20) === 0 ? encodeDer(tag, content) : encodeDer(tag, ...children.map(rewritten))
}
