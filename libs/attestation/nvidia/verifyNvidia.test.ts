import { concat, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { codeOf } from '../testing/codeOf.ts'
import {
  FWID,
  gpuFields,
  newDevice,
  newNvidiaAuthorities,
  signEvidence,
  switchFields,
} from '../testing/nvidiaIssuer.ts'
import { nvidiaVerifiers } from './verifyNvidia.ts'

const authorities = await newNvidiaAuthorities()
const [gpuVerifier, switchVerifier] = nvidiaVerifiers({ roots: [authorities.root.der] })
const at = { now: 1_790_000_000 }

type Fields = readonly (readonly [number, Uint8Array])[]
const driver = (version: string) => [3, concat(utf8(version), Uint8Array.of(0))] as const
const withoutFwid: Fields = [...gpuFields].filter(([type]) => type !== 20)

async function judge(style: 'composite' | 'none', fields: Fields): Promise<string> {
  const device = await newDevice(authorities, { style })
  const evidence = await signEvidence(device, { fields: new Map(fields) })
  return codeOf(() => gpuVerifier.verify(evidence, [device.pem], at))
}

test('a firmware id that is reported must be the certified one, on an old driver too', async () => {
  const old = [...gpuFields, driver('545.00')]
  expect(await judge('composite', old)).toBe('accepted')
  expect(await judge('composite', [...old, [20, FWID.with(0, 0xff)]])).toBe('nvidia/fwid-mismatch')
})

test('a driver whose GPUs report their firmware id reports it, although the certificate states none', async () => {
  expect(await judge('none', withoutFwid)).toBe('nvidia/fwid-mismatch')
  expect(await judge('none', [...withoutFwid, driver('545.00')])).toBe('accepted')
})

test('a switch need not report a firmware id, even where it names a driver', async () => {
  const device = await newDevice(authorities, { name: 'LS_10 A01 FSP FMC LF', style: 'none' })
  const fields = new Map([...switchFields, driver('580.95.05')])
  const evidence = await signEvidence(device, { blocks: 31, fields })
  expect(await codeOf(() => switchVerifier.verify(evidence, [device.pem], at))).toBe('accepted')
})
