import { fail } from './errors.ts'

/** A driver version as the device writes it: ASCII that ends in one NUL, as `580.95.05`. @throws nvidia/bad-opaque */
export function driverVersion(bytes: Uint8Array): string {
  const version = ascii(bytes.subarray(0, -1))
  if (bytes.at(-1) !== 0 || !/^[0-9]{1,3}(\.[0-9]{1,3}){1,2}$/.test(version))
    throw fail('bad-opaque', { expected: 'a driver version, as 580.95.05', actual: version.slice(0, 32) })
  return version
}

/** A driver version as a number that orders: 580.95.05 is 580095005, and 575.32 is 575032000. */
export function driverNumber(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  return major * 1_000_000 + minor * 1_000 + patch
}

/** True where a driver is no older than `minimum`, part by part; a part that is missing counts as zero. */
export const isDriverAtLeast = (version: string, minimum: string): boolean =>
  driverNumber(version) >= driverNumber(minimum)

/** A GPU's VBIOS version, 8 bytes: 00 74 00 96 20 … is `96.00.74.00.20`. @throws nvidia/bad-opaque */
export function gpuVbiosVersion(bytes: Uint8Array): string {
  if (bytes.length !== 8 || bytes.subarray(5).some((b) => b !== 0))
    throw fail('bad-opaque', { expected: 'a VBIOS version of 8 bytes, 3 of them zero', actual: bytes.length })
  return [3, 2, 1, 0, 4].map((i) => (bytes[i] ?? 0).toString(16).padStart(2, '0').toUpperCase()).join('.')
}

/** A switch's BIOS version, ASCII: `96.10.55.00.01`. @throws nvidia/bad-opaque */
export function switchVbiosVersion(bytes: Uint8Array): string {
  const version = ascii(bytes)
  if (!/^[0-9A-F]{2}(\.[0-9A-F]{2}){4}$/.test(version))
    throw fail('bad-opaque', { expected: 'a BIOS version, as 96.10.55.00.01', actual: version.slice(0, 32) })
  return version
}

/** Text of printable ASCII; other bytes become `?`, which no version contains. */
export const ascii = (bytes: Uint8Array): string =>
  Array.from(bytes, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '?')).join('')
