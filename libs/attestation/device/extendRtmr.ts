import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@allod/protocol'
import { fail } from './errors.ts'
import { kernelFiles, type TsmFiles } from './tsmFiles.ts'

const BASE = '/sys/class/misc/tdx_guest/measurements'
const NAME = 'rtmr3:sha384'

/** Where the registers are, and how files are read there. */
export type Registers = { readonly registers?: string; readonly files?: TsmFiles }

/** Whether this machine has run-time registers. */
export const hasRegisters = ({ registers = BASE }: Registers = {}): boolean => existsSync(join(registers, NAME))

/**
 * Extends RTMR3, the run-time register that is the guest's own to use: register = SHA-384(register ‖ digest). It can only
 * grow until the machine ends, so what it has taken shows in every later quote.
 * @param digest SHA-384, 48 bytes
 * @returns the register as it reads now
 * @throws attestation/report-device-missing, attestation/register-mismatch
 * Source: Linux, Documentation/ABI/testing/sysfs-devices-virtual-misc-tdx_guest (6.16).
 */
export function extendRtmr(digest: Uint8Array, { registers = BASE, files = kernelFiles }: Registers = {}): Uint8Array {
  const path = join(registers, NAME)
  let before: Uint8Array
  let after: Uint8Array
  try {
    before = files.read(path)
    files.write(path, digest)
    after = files.read(path)
  } catch (cause) {
    throw fail('report-device-missing', { actual: path, cause })
  }
  const expected = createHash('sha384').update(before).update(digest).digest()
  if (before.length !== 48 || !expected.equals(after))
    throw fail('register-mismatch', { expected: toHex(expected), actual: toHex(after.subarray(0, 48)) })
  return after
}
