// Writes nras.json: tokens of a test service of our own, a positive of each sort and a negative for each way to fail.
// Keys are fresh at each run, so each run writes another file: `node libs/attestation/vectors/makeNras.ts`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat, fromUtf8, toBase64Url, utf8 } from '@allod/protocol'
import { octets } from '../testing/derWriter.ts'
import { extension, issueCertificate } from '../testing/issue.ts'
import { base64, digestOf, eatOf, type JwkFacts, jwkOf, jwksOf, newService, tokenOf } from '../testing/nrasIssuer.ts'
import {
  type Answer,
  answerOf,
  gpu,
  gpu2,
  NRAS_NONCE,
  NRAS_NOW,
  nvswitch,
  overallClaims,
} from '../testing/nrasSamples.ts'
import type { VectorCase } from '../testing/runVectors.ts'
import { newTestKey } from '../testing/testKey.ts'
import { addClaimCases } from './nrasClaimCases.ts'

const service = await newService()
const stranger = await newService()
const answer = (how?: Answer) => answerOf(service, how)

const good = await answer()
const jwks = jwksOf(jwkOf(service))
const blobs: Record<string, Uint8Array> = { authority: service.authority.der, jwks }
const cases: VectorCase[] = []
function nameOf(prefix: string, bytes: Uint8Array): string {
  const same = Object.entries(blobs).find(([, blob]) => Buffer.from(blob).equals(bytes))?.[0]
  const name = same ?? `${prefix}-${Object.keys(blobs).length}`
  blobs[name] = bytes
  return name
}
function add(expect: string, name: string, eat: Uint8Array, more: Partial<VectorCase> = {}, keys = jwks): void {
  cases.push({ name, evidence: nameOf('eat', eat), endorsements: [nameOf('jwks', keys)], ...more, expect })
}
const refuse = (
  code: string,
  name: string,
  eat: Uint8Array,
  more?: Partial<VectorCase>,
  keys?: Uint8Array<ArrayBuffer>,
) => add(`nras/${code}`, name, eat, more, keys)

const two = { 'GPU-0': gpu, 'GPU-1': { ...gpu, ueid: '2' } }
const mixed = { ...two, 'SWITCH-0': nvswitch }
add('accepted', 'one GPU', good)
add('accepted', 'the nonce that was asked with', good, { expected: { nonce: `0x${NRAS_NONCE}` } })
add('accepted', 'two GPUs and a switch', await answer({ devices: mixed }), {
  policy: { gpus: 2, nvidia: { switches: 1 } },
})
add(
  'accepted',
  'claims of version 2.0',
  await answer({ devices: { 'GPU-0': gpu2 }, overall: { 'x-nvidia-ver': '2.0' } }),
)
add('accepted', 'a policy that names what is there', good, {
  policy: { nvidia: { chips: ['GH100'], minimumDriver: '580.95.05', vbios: ['96.00.D9.00.0C'] } },
})
add(
  'accepted',
  'a key set of many keys',
  good,
  {},
  jwksOf(jwkOf(stranger, { kid: 'another' }), jwkOf(service), { kid: 'x' }),
)
add('accepted', 'the last second', good, { now: NRAS_NOW + 3540 })

const listOf = (of: unknown): readonly unknown[] => (Array.isArray(of) ? of : [])
// The answer, its tokens, their parts.
const [head = '', body = '', tail = ''] = (await tokenOf(gpu, service.key)).split('.')
const overallOf = (token: string): Uint8Array => eatOf(token, { 'GPU-0': token })
for (const [name, eat] of [
  ['nothing', new Uint8Array()],
  ['what the service’s command-line client prints around it', utf8(`{"detached_eat":${fromUtf8(good)}}`)],
  ['bytes that are not UTF-8', concat(good, Uint8Array.of(0xff))],
  ['a name twice', utf8(fromUtf8(good).replace('{"GPU-0":', '{"GPU-0":"","GPU-0":'))],
  ['a name twice, spelled otherwise', utf8(fromUtf8(good).replace('{"GPU-0":', '{"GPU\\u002d0" :"","GPU-0":'))],
  ['half of a surrogate pair', await answer({ overall: { odd: '\ud800' } })],
  ['a third part', utf8(fromUtf8(good).replace(/\]$/, ',null]'))],
  ['a tag that is not JWT', utf8(fromUtf8(good).replace('"JWT"', '"CWT"'))],
  ['a device of another kind', utf8(fromUtf8(good).replace('"GPU-0"', '"CPU-0"'))],
  ['no device', await answer({ devices: {} })],
  ['a device that is no text', eatOf(head, { 'GPU-0': 1 })],
  [
    'more devices than any',
    await answer({ devices: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`GPU-${i}`, {}])) }),
  ],
  ['deeper than any', await answer({ overall: { deep: JSON.parse(`${'['.repeat(17)}${']'.repeat(17)}`) } })],
  ['a text of two characters', utf8('"ab"')],
  ['an object of two', utf8('{"length":2}')],
  [
    'an overall token that is an object of two',
    utf8(fromUtf8(good).replace(/\["JWT",("[^"]*")\]/, '{"length":2,"0":"JWT","1":$1}')),
  ],
  ['an overall token and more', utf8(fromUtf8(good).replace(/("JWT","[^"]*")/, '$1,null'))],
  ['an overall token that is no text', utf8(fromUtf8(good).replace(/"JWT","[^"]*"/, '"JWT",1'))],
  ['devices that are a list', utf8(fromUtf8(good).replace(/\{.*\}/, '[]'))],
  ['devices that are null', utf8(fromUtf8(good).replace(/\{.*\}/, 'null'))],
  ['a device’s token that is no text', utf8(fromUtf8(good).replace(/"GPU-0":"[^"]*"/, '"GPU-0":1'))],
  ['a fourth part behind a good token', utf8(fromUtf8(good).replace(/("JWT","[^"]*)"/, '$1.AAAA"'))],
  ['a good token larger than any', await answer({ overall: { padding: 'a'.repeat(13_000) } })],
  ['a digest under another tag', await answer({ submods: (of) => ['HASH', listOf(of)[1]] })],
  ['a digest that is no text', await answer({ submods: () => ['DIGEST', ['SHA-256', 1]] })],
  ['a digest that is a number', await answer({ submods: () => 1 })],
  ['a digest and more', await answer({ submods: (of) => [...listOf(of), 1] })],
  ['two parts', overallOf(`${head}.${body}`)],
  ['four parts', overallOf(`${head}.${body}.${tail}.${tail}`)],
  ['base64 with padding', overallOf(`${head}=.${body}.${tail}`)],
  ['base64 with spare bits', overallOf(`${head}.${body}.${tail.slice(0, -1)}`)],
  ['a header twice', overallOf(`${toBase64Url(utf8('{"alg":"ES384","alg":"ES384","kid":"a"}'))}.${body}.${tail}`)],
  ['a header that asks for more', await answer({ header: { crit: ['b64'], b64: false } })],
  ['a header with a key of its own', await answer({ header: { jwk: jwkOf(stranger) } })],
  ['a type that is not JWT', await answer({ header: { typ: 'at+jwt' } })],
  ['no key id', await answer({ header: { kid: undefined } })],
  ['claims that are a list', overallOf(`${head}.${toBase64Url(utf8('[]'))}.${tail}`)],
  ['a signature in DER', overallOf(`${head}.${body}.${toBase64Url(await service.key.sign(utf8(`${head}.${body}`)))}`)],
  ['a token larger than any', overallOf('a'.repeat(16_385))],
  ['no nonce', await answer({ overall: { eat_nonce: undefined } })],
  ['a nonce of another size', await answer({ overall: { eat_nonce: NRAS_NONCE.slice(2) } })],
  ['no end', await answer({ overall: { exp: undefined } })],
  ['an end in text', await answer({ overall: { exp: '9999999999' } })],
  ['no submods', await answer({ overall: { submods: undefined } })],
  ['a digest by another hash', await answer({ submods: () => ['DIGEST', ['SHA-1', '00'.repeat(20)]] })],
  ['a digest that is none', await answer({ submods: () => 'DIGEST' })],
  ['no version of the claims', await answer({ overall: { 'x-nvidia-ver': undefined } })],
  ['a fraction', overallOf(`${head}.${toBase64Url(utf8('{"iat":1.5}'))}.${tail}`)],
  ['more claims than any', await answer({ devices: { 'GPU-0': { ...gpu, more: Array(1024).fill(0) } } })],
] as const)
  refuse('bad-token', name, eat)

refuse(
  'bad-token',
  'a key id with a space',
  await answer({ header: { kid: 'a b' } }),
  {},
  jwksOf(jwkOf(service, { kid: 'a b' })),
)

const unsigned = `${toBase64Url(utf8('{"alg":"none"}'))}.${body}.`
refuse('algorithm-not-allowed', 'signed by nobody', overallOf(unsigned))
refuse(
  'algorithm-not-allowed',
  'a device’s token signed by nobody',
  await answer({
    exchange: (of) => {
      of['GPU-0'] = unsigned
    },
  }),
)
for (const alg of ['HS256', 'HS384', 'ES256', 'RS256', 'PS384', 'es384', '', undefined, ['ES384']])
  refuse('algorithm-not-allowed', `alg ${JSON.stringify(alg)}`, await answer({ header: { alg } }))

async function largeCertificate() {
  const extensions = [extension('1.2.3.4', octets(new Uint8Array(4000)))]
  const { authority: issuer, key } = service
  const large = await issueCertificate({ subject: 'Large', key, issuer, extensions })
  return keyed({ x5c: [large.der, issuer.der].map(base64) })
}

const keyed = (facts: JwkFacts) => jwksOf(jwkOf(service, facts))
for (const [name, keys] of [
  ['no JSON', utf8('{')],
  ['a list', utf8('[]')],
  ['no keys', utf8('{}')],
  ['an empty list of keys', jwksOf()],
  ['a key without an id', keyed({ kid: undefined })],
  ['a key that is null', utf8('{"keys":[null]}')],
  ['certificates that are no text', keyed({ x5c: [1, 2] })],
  ['a certificate larger than any', await largeCertificate()],
  ['an id twice', jwksOf(jwkOf(service), jwkOf(service))],
  ['a member twice', utf8(fromUtf8(jwks).replace('"kty"', '"kty":"RSA","kty"'))],
  ['an RSA key', keyed({ kty: 'RSA' })],
  ['another curve', keyed({ crv: 'P-256' })],
  ['a coordinate that is shorter', keyed({ x: 'AAAA' })],
  ['no coordinate', keyed({ y: undefined })],
  ['no certificates', keyed({ x5c: undefined })],
  ['one certificate', keyed({ x5c: [base64(service.leaf.der)] })],
  ['certificates in base64url', keyed({ x5c: ['-_-_', '-_-_'] })],
  ['more certificates than any', keyed({ x5c: Array(5).fill(base64(service.leaf.der)) })],
  ['more keys than any', jwksOf(...Array.from({ length: 257 }, (_, i) => ({ kid: String(i) })))],
] as const)
  refuse('bad-keys', name, good, {}, keys)
refuse('key-unknown', 'a key of another day', good, {}, keyed({ kid: 'nv-eat-kid-test-2' }))
refuse(
  'key-unknown',
  'another key for a device',
  await answer({ exchange: () => {}, devices: {} }).then(async () => {
    const token = await tokenOf(gpu, service.key, { kid: 'nv-eat-kid-test-2' })
    return eatOf(await tokenOf({ ...overallClaims, submods: { 'GPU-0': digestOf(token) } }, service.key), {
      'GPU-0': token,
    })
  }),
)

const { authority, leaf } = service
const under = async (facts: Partial<Parameters<typeof issueCertificate>[0]>) => {
  const certificate = await issueCertificate({ subject: 'Test', key: service.key, issuer: authority, ...facts })
  return keyed({ x5c: [certificate.der, authority.der].map(base64) })
}
for (const [name, keys] of [
  ['another authority', jwksOf(jwkOf(stranger))],
  ['the key of another certificate', keyed({ x5c: [stranger.leaf.der, authority.der].map(base64) })],
  ['another key than its certificate’s', jwksOf({ ...jwkOf(stranger), x5c: jwkOf(service).x5c })],
  [
    'a certificate that the authority did not sign',
    await under({ issuer: { subject: authority.subject, key: service.key } }),
  ],
  ['a certificate that has ended', await under({ notAfter: NRAS_NOW - 1 })],
  ['a certificate of tomorrow', await under({ notBefore: NRAS_NOW + 1 })],
  ['a key that is not for signing', await under({ keyUsage: ['keyAgreement'] })],
  ['certificates in another order', keyed({ x5c: [authority.der, leaf.der].map(base64) })],
  ['a certificate that is none', keyed({ x5c: [base64(new Uint8Array(64)), base64(authority.der)] })],
] as const)
  refuse('bad-key-chain', name, good, {}, keys)

const forged = await newTestKey('P-384')
const forgedToken = await tokenOf(gpu, forged)
refuse(
  'bad-signature',
  'an overall token by another key',
  eatOf(await tokenOf({ ...overallClaims, submods: { 'GPU-0': digestOf(`${head}.${body}.${tail}`) } }, forged), {
    'GPU-0': `${head}.${body}.${tail}`,
  }),
)
refuse(
  'bad-signature',
  'a device’s token by another key',
  eatOf(await tokenOf({ ...overallClaims, submods: { 'GPU-0': digestOf(forgedToken) } }, service.key), {
    'GPU-0': forgedToken,
  }),
)
refuse('bad-signature', 'claims changed', overallOf(`${head}.${toBase64Url(utf8('{"measres":"success"}'))}.${tail}`))
refuse('bad-signature', 'zeros', overallOf(`${head}.${body}.${'A'.repeat(128)}`))

const staging = 'https://nras.attestation-stg.nvidia.com'
refuse('issuer-mismatch', 'the staging service', await answer({ overall: { iss: staging } }))
refuse(
  'issuer-mismatch',
  'a device’s token by the staging service',
  await answer({ devices: { 'GPU-0': { ...gpu, iss: staging } } }),
)
refuse('issuer-mismatch', 'no issuer', await answer({ overall: { iss: undefined } }))
refuse('not-yet-valid', 'before it was made', good, { now: NRAS_NOW - 61 })
refuse('not-yet-valid', 'before it begins', await answer({ overall: { nbf: NRAS_NOW + 1 } }))
refuse(
  'not-yet-valid',
  'a device’s token of tomorrow',
  await answer({ devices: { 'GPU-0': { ...gpu, iat: NRAS_NOW + 1 } } }),
)
refuse('expired', 'after its hour', good, { now: NRAS_NOW + 3541 })
refuse(
  'expired',
  'a device’s token that has ended',
  await answer({ devices: { 'GPU-0': { ...gpu, exp: NRAS_NOW - 1 } } }),
)
refuse(
  'nonces-differ',
  'a device’s token for another question',
  await answer({ devices: { 'GPU-0': { ...gpu, eat_nonce: '00'.repeat(32) } } }),
)
refuse(
  'devices-differ',
  'a device left out',
  await answer({
    devices: two,
    exchange: (of) => {
      delete of['GPU-1']
    },
  }),
)
refuse(
  'devices-differ',
  'a device added',
  await answer({
    exchange: (of) => {
      of['GPU-1'] = `${head}.${body}.${tail}`
    },
  }),
)
refuse('devices-differ', 'a device renamed', utf8(fromUtf8(good).replace('"GPU-0"', '"GPU-1"')))
refuse(
  'digest-mismatch',
  'a device’s token exchanged',
  await answer({
    exchange: (of) => {
      of['GPU-0'] = `${head}.${body}.${tail}`
    },
  }),
)
refuse(
  'digest-mismatch',
  'two devices exchanged',
  await answer({
    devices: two,
    exchange: (of) => {
      of['GPU-1'] = of['GPU-0'] ?? ''
    },
  }),
)

await addClaimCases(add, answer)

const used = new Set(['authority', ...cases.flatMap((c) => [c.evidence, ...c.endorsements])])
const file = {
  kind: 'nras',
  now: NRAS_NOW,
  blobs: Object.fromEntries(
    Object.entries(blobs).flatMap(([name, of]) => (used.has(name) ? [[name, base64(of)]] : [])),
  ),
  roots: ['authority'],
  cases,
}
writeFileSync(join(import.meta.dirname, 'nras.json'), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${cases.length} cases, ${Object.keys(file.blobs).length} blobs`)
