import { utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { sortEndorsements } from './endorsements.ts'

test('an OCSP response is a SEQUENCE: a SET that starts alike is of no known form', async () => {
  const chain = utf8('-----BEGIN CERTIFICATE-----')
  const response = Uint8Array.of(0x30, 3, 0x0a, 1, 6)
  expect(sortEndorsements([chain, response]).ocsp).toEqual([response])
  expect(await codeOf(() => sortEndorsements([chain, response.with(0, 0x31)]))).toBe('nvidia/bad-endorsement')
})
