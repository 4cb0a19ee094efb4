import type { Opaque } from './opaque.ts'
import { rimId } from './rim/rimId.ts'

/** The names under which NVIDIA serves a device's manifests; a switch has one for its BIOS alone. */
export type RimNames = { readonly driver: string | null; readonly vbios: string }

// A switch does not report its board: NVIDIA's own verifier names the one that exists, of LS10.
const SWITCH_BOARD = { project: '5612', projectSku: '0002', chipSku: '890' }

/** Which manifests belong to a device, by what it reports. @param chip by its certificate, where it does not report another */
export const rimNames = ({ driverVersion, vbiosVersion, board, chipInfo }: Opaque, chip: string): RimNames => ({
  driver: driverVersion === null ? null : rimId({ kind: 'driver', chip: chipInfo ?? chip, version: driverVersion }),
  vbios: rimId({ kind: board === null ? 'switch' : 'vbios', ...(board ?? SWITCH_BOARD), version: vbiosVersion }),
})
