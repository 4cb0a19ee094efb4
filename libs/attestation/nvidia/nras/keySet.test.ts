import { expect, test } from 'vitest'
import { jwkOf, jwksOf, KEY_ID, newService } from '../../testing/nrasIssuer.ts'
import { NRAS_NOW } from '../../testing/nrasSamples.ts'
import { parseKeySet, trustedKey } from './keySet.ts'

test('a refusal says what was expected, and stands behind no other of its kind', async () => {
  const keys = parseKeySet(jwksOf(jwkOf(await newService())))
  const refusal = await trustedKey(keys, KEY_ID, [], NRAS_NOW).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'nras/bad-key-chain', meta: { expected: 'a pinned authority' } })
  expect(refusal).not.toHaveProperty('meta.reason')
})
