import { toHex } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { integer, octets, oid, sequence } from '../testing/derWriter.ts'
import type { Certificate } from '../x509/certificate.ts'
import { COMPOSITE_DEVICE_ID, certifiedFwid } from './fwid.ts'

const SHA384 = '2.16.840.1.101.3.4.2.2'
const SHA3_384 = '2.16.840.1.101.3.4.2.9'
const FWID = new Uint8Array(48).fill(7)

const certified = (algorithm: string, fwid: Uint8Array) => {
  const value = sequence(integer(1), sequence(), sequence(oid(algorithm), octets(fwid)))
  const extensions = new Map([[COMPOSITE_DEVICE_ID, { isCritical: false, value }]])
  return certifiedFwid({ extensions } as unknown as Certificate)
}

test('a firmware id is a SHA-384 digest, and none of another algorithm or size', async () => {
  expect(certified(SHA384, FWID)).toBe(toHex(FWID))
  expect(await codeOf(() => certified(SHA3_384, FWID))).toBe('nvidia/fwid-mismatch')
  expect(await codeOf(() => certified(SHA384, FWID.subarray(1)))).toBe('nvidia/fwid-mismatch')
})
