import { isAllodError, utf8 } from '@allod/protocol'
import { expect, test } from 'vitest'
import { ascii, driverNumber, driverVersion, gpuVbiosVersion, isDriverAtLeast, switchVbiosVersion } from './versions.ts'

test('a driver as a number orders as its parts do', () => {
  expect(driverNumber('580.95.05')).toBe(580_095_005)
  expect(driverNumber('575.32')).toBe(575_032_000)
  const versions = ['545.00', '550.90.07', '550.144.03', '575.32', '580.95.05', '580.159.03', '590.12']
  expect(versions.map(driverNumber)).toEqual(versions.map(driverNumber).toSorted((a, b) => a - b))
})

test('a driver is compared part by part, and a missing part is zero', () => {
  const pairs: readonly [string, string, boolean][] = [
    ['580.95.05', '580.95.05', true],
    ['580.95.05', '580.95.5', true],
    ['580.95.05', '580.95', true],
    ['580.95', '580.95.0', true],
    ['580.95', '580.95.05', false],
    ['580.9.05', '580.95', false],
    ['590.12', '580.95.05', true],
    ['535.86.09', '545.00', false],
  ]
  for (const [version, minimum, isMet] of pairs)
    expect(isDriverAtLeast(version, minimum), `${version} >= ${minimum}`).toBe(isMet)
})

test('versions read as NVIDIA writes them', () => {
  expect(driverVersion(utf8('580.95.05\0'))).toBe('580.95.05')
  expect(gpuVbiosVersion(Uint8Array.of(0x00, 0x88, 0x00, 0x97, 0x0f, 0, 0, 0))).toBe('97.00.88.00.0F')
  expect(switchVbiosVersion(utf8('96.10.55.00.01'))).toBe('96.10.55.00.01')
  expect(ascii(Uint8Array.of(0x41, 0, 0x7f, 0xc3))).toBe('A???')
})

test.each([
  () => driverVersion(new Uint8Array()),
  () => driverVersion(utf8('580.95.05')),
  () => driverVersion(utf8('580\0')),
  () => driverVersion(utf8('1580.95\0')),
  () => driverVersion(utf8('580.95.05\0\0')),
  () => gpuVbiosVersion(new Uint8Array(9)),
  () => gpuVbiosVersion(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)),
  () => switchVbiosVersion(utf8('96.10.55.00.01\0')),
  () => switchVbiosVersion(utf8('96.10.55.00')),
])('others are refused as nvidia/bad-opaque: %s', (read) => {
  expect(read).toThrow(expect.toSatisfy((error) => isAllodError(error, 'nvidia/bad-opaque')))
})
