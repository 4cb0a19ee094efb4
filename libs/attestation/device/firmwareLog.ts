import { closeSync, openSync, readSync } from 'node:fs'

/** Linux shows the memory that ACPI's table CCEL points to here (Documentation/ABI/testing/sysfs-firmware-acpi), to root. */
const PATH = '/sys/firmware/acpi/tables/data/CCEL'
/** As much as a part of a recording may have. Logs have 64 to 256 KiB, most of it unused. */
const MAX_BYTES = 512 << 10

/**
 * What the firmware of a trust domain measured into its registers, for whoever wants to know more than their values.
 * @param missing takes a sentence where there is none
 */
export function firmwareLog(missing: string[], path = PATH): readonly Uint8Array<ArrayBuffer>[] {
  try {
    const bytes = readAtMost(path, MAX_BYTES + 1)
    if (bytes.length > 0 && bytes.length <= MAX_BYTES) return [bytes]
    missing.push(`the firmware’s event log: ${bytes.length === 0 ? 'empty' : `more than ${MAX_BYTES} bytes`}`)
  } catch (cause) {
    missing.push(`the firmware’s event log: ${String(cause).slice(0, 200)}`)
  }
  return []
}

function readAtMost(path: string, maxBytes: number): Uint8Array<ArrayBuffer> {
  const file = openSync(path, 'r')
  const bytes = new Uint8Array(maxBytes)
  try {
    let size = 0
    for (let got = -1; got !== 0 && size < maxBytes; size += got)
      got = readSync(file, bytes, size, maxBytes - size, null)
    return bytes.slice(0, size)
  } finally {
    closeSync(file)
  }
}
