import { expect, test } from 'vitest'
import { codeOf } from '../../testing/codeOf.ts'
import { jwkOf, jwksOf, newService } from '../../testing/nrasIssuer.ts'
import { answerOf, type Claims, gpu, NRAS_NOW } from '../../testing/nrasSamples.ts'
import { policyOf } from '../../testing/runVectors.ts'
import { nrasChecks } from './nrasChecks.ts'
import { verifyNras } from './verifyNras.ts'

const service = await newService()
const verify = (answer: Uint8Array) =>
  verifyNras(answer, { jwks: jwksOf(jwkOf(service)), now: NRAS_NOW, roots: [service.authority.der] })

async function refusals(claims: Claims, policy = policyOf({})): Promise<readonly string[]> {
  const tokens = await verify(await answerOf(service, { devices: { 'GPU-0': { ...gpu, ...claims } } }))
  return nrasChecks(tokens, null, policy).flatMap((c) => (c.result === 'pass' ? [] : [c.refusal]))
}

test('a false under somebody else’s name is no complaint of NVIDIA’s', async () => {
  expect(await refusals({ 'eat-debuggable': false })).toEqual([])
  expect(await refusals({ 'x-nvidia-debuggable': false })).toEqual(['token-claims-refused'])
})

test('a driver version that is none is older than any', async () => {
  const policy = policyOf({ nvidia: { minimumDriver: '580.95.05' } })
  for (const version of ['5800.0', '580.95.05.1', ' 580.95.06'])
    expect(await refusals({ 'x-nvidia-gpu-driver-version': version }, policy)).toEqual(['driver-too-old'])
})

test('a digest that is null is a malformed token', async () => {
  expect(await codeOf(async () => verify(await answerOf(service, { submods: () => null })))).toBe('nras/bad-token')
})
