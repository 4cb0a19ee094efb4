import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256, toBase64Url, toHex, utf8 } from '@allod/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { strictEvidence, unboundPolicy } from '../../evidencePolicy.ts'
import { codeOf } from '../../testing/codeOf.ts'
import { digestOf, eatOf, jwkOf, jwksOf, newService, tokenOf } from '../../testing/nrasIssuer.ts'
import { parseCertificate } from '../../x509/certificate.ts'
import { appraiseNras } from './appraiseNras.ts'
import { describeNras } from './describeNras.ts'
import { parseDetachedEat } from './detachedEat.ts'
import { parseJwt } from './jwt.ts'
import { parseKeySet, trustedKey } from './keySet.ts'
import { nrasRoot } from './roots.ts'
import { verifyNras } from './verifyNras.ts'

const folder = join(import.meta.dirname, '../../../../../shared/vectors/attestation/nvidia')
const isThere = existsSync(folder)
if (!isThere) console.info('skipped: no recordings of NVIDIA’s attestation service beside this repository')

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))
const json = (name: string) => JSON.parse(Buffer.from(read(name)).toString())
const policy = unboundPolicy(strictEvidence)

const SDK = 'attestation-sdk/sample_attestation_data'
const answers = [
  ['premai/nras_eat_example.json', 2, 'https://nras.attestation.nvidia.com'],
  [`${SDK}/hopperClaimsv3_detached_eat.json`, 1, 'https://nras.attestation.nvidia.com'],
  [`${SDK}/switch_detached_eat.json`, 1, 'https://nras.attestation-stg.nvidia.com'],
] as const

let run = 0
afterAll(() => {
  if (isThere) expect(run).toBe(COUNT)
})
const COUNT = 6

// No recording has the key set of its day, so the signatures of these answers cannot be checked: everything else is.
describe.skipIf(!isThere)('recorded answers', () => {
  test.each(answers)('%s: names its devices’ tokens by the SHA-256 of their text', (name, count) => {
    const eat = parseDetachedEat(read(name))
    const { submods } = parseJwt(eat.overall).claims as { submods: Record<string, unknown> }
    expect(eat.devices.length).toBe(count)
    for (const { name: device, token } of eat.devices)
      expect(submods[device]).toEqual(['DIGEST', ['SHA-256', toHex(sha256(utf8(token))).slice(2)]])
    run++
  })

  test.each(answers)('%s: is not taken without the key that signed it', async (name) => {
    const jwks = jwksOf(jwkOf(await newService()))
    expect(await codeOf(() => verifyNras(read(name), { jwks, now: 1_765_834_700 }))).toBe('nras/key-unknown')
  })

  test.each(answers)('%s: its claims, signed again by a test service, are accepted', async (name, count, issuer) => {
    const service = await newService()
    const eat = parseDetachedEat(read(name))
    const again = async (of: 'as recorded' | 'by production') => {
      const claimsOf = (token: string) => {
        const { claims } = parseJwt(token)
        return of === 'as recorded' ? claims : { ...claims, iss: 'https://nras.attestation.nvidia.com' }
      }
      const tokens: Record<string, string> = {}
      for (const { name: device, token } of eat.devices) tokens[device] = await tokenOf(claimsOf(token), service.key)
      const submods = Object.fromEntries(Object.entries(tokens).map(([device, token]) => [device, digestOf(token)]))
      const { iat } = parseJwt(eat.overall).claims
      const answer = eatOf(await tokenOf({ ...claimsOf(eat.overall), submods }, service.key), tokens)
      return verifyNras(answer, { jwks: jwksOf(jwkOf(service)), now: Number(iat), roots: [service.authority.der] })
    }
    if (issuer.includes('-stg')) expect(await codeOf(() => again('as recorded'))).toBe('nras/issuer-mismatch')
    const tokens = await again('by production')
    const appraisal = appraiseNras(tokens, null, policy)
    expect(appraisal.checks.filter((c) => c.result !== 'pass')).toEqual([])
    expect(appraisal).toMatchObject({ isAccepted: true, validUntil: tokens.validUntil })
    expect([tokens.devices.length, tokens.version, tokens.isSuccess]).toEqual([count, '3.0', true])
  })

  test.each(answers)('%s: is described, every claim with words', (name, count) => {
    const fields = describeNras(read(name))
    expect(fields.length).toBeGreaterThan(30 * count)
    expect(fields.filter((field) => field.name === '' || field.words === '')).toEqual([])
    const words = fields.map((field) => field.words)
    expect(words).toContain('who judged: NVIDIA’s service, not this device')
    // Every name of the recordings has words of its own; `jti` tells tokens apart and no more.
    expect(fields.filter((field) => field.words.startsWith('as NVIDIA’s')).map((field) => field.name)).toEqual([])
  })

  test('what a local verifier writes with alg none is signed by nobody', async () => {
    const jwks = jwksOf(jwkOf(await newService()))
    const whole = read('dstack/gpu_attestation_h100.json')
    const inner = utf8(JSON.stringify(json('dstack/gpu_attestation_h100.json').detached_eat))
    expect(await codeOf(() => verifyNras(whole, { jwks, now: 1_784_207_900 }))).toBe('nras/bad-token')
    expect(await codeOf(() => verifyNras(inner, { jwks, now: 1_784_207_900 }))).toBe('nras/algorithm-not-allowed')
    expect(await codeOf(() => describeNras(inner))).toBe('nras/algorithm-not-allowed')
    run++
  })

  test('the recorded certificates of a key lead to the pinned authority, in their two days', async () => {
    const { x5c } = json('attestation-rs/nras_gpu_x5c_chain.json') as { x5c: readonly [string, string] }
    const point = parseCertificate(new Uint8Array(Buffer.from(x5c[0], 'base64'))).spki.slice(-96)
    const coordinates = { x: toBase64Url(point.slice(0, 48)), y: toBase64Url(point.slice(48)) }
    const keys = parseKeySet(jwksOf({ kty: 'EC', crv: 'P-384', kid: 'a', x5c, ...coordinates }))
    const at = (date: string) => trustedKey(keys, 'a', [nrasRoot], Date.parse(date) / 1000)
    expect((await at('2026-06-09')).validUntil).toBe(Date.parse('2026-06-10T19:50:50Z') / 1000)
    run++
    expect(await codeOf(() => at('2026-06-08'))).toBe('nras/bad-key-chain')
    expect(await codeOf(() => at('2026-06-11'))).toBe('nras/bad-key-chain')
    expect(Buffer.from(nrasRoot).toString('base64')).toBe(x5c[1])
    run++
  })
})
