import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import { newDevice, newNvidiaAuthorities } from '../testing/nvidiaIssuer.ts'
import { parseDeviceChain } from './deviceChain.ts'

const authorities = await newNvidiaAuthorities()
const parse = (pem: Uint8Array) => codeOf(() => parseDeviceChain(pem, 'gpu', [authorities.root.der]))

test('an attestation key that is an authority is refused, although it may sign', async () => {
  expect(await parse((await newDevice(authorities)).pem)).toBe('accepted')
  const leaf = { isCa: true, keyUsage: ['digitalSignature'] } as const
  expect(await parse((await newDevice(authorities, { leaf })).pem)).toBe('nvidia/bad-chain')
})
