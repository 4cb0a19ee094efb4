import { fromBase64Url, fromHex, type Hex, isAllodError } from '@allod/protocol'
import { collateralOf } from '../collateral/collateralOf.ts'
import type { Endpoints } from '../collateral/endpoints.ts'
import type { CollateralSource } from '../collateral/source.ts'
import { type Recording, recordingReportData } from '../files/recording.ts'
import { firmwareLog } from './firmwareLog.ts'
import { type Endorse, openHardware, type Places } from './openHardware.ts'

/** How a machine is recorded. */
export type RecordOptions = {
  /** What every device must answer. */
  readonly nonce: Hex
  /** Whether NVIDIA's collector is asked for GPUs and switches. */
  readonly gpus: boolean
  /** Where collateral comes from; null fetches none. */
  readonly collateral: { readonly source: CollateralSource; readonly endpoints: Endpoints } | null
  /** The kernel's version, so that whoever reads the recording knows which driver answered. */
  readonly kernel: string | null
  /** Unix seconds. */
  readonly now: number
  readonly places?: Places & { readonly eventLog?: string }
}

/**
 * Asks this machine's chip and devices over one nonce, and their makers for the collateral that goes with the answers. The
 * CPU signs the nonce and the hash of what the devices answered, so that the parts of a recording belong together.
 * @throws attestation/report-device-missing and the other refusals of the report device; attestation/collector-failed
 */
export async function recordMachine(options: RecordOptions): Promise<Recording> {
  const { nonce, gpus, kernel, now, places = {} } = options
  const missing: string[] = []
  const hardware = openHardware(endorser(options, missing), { gpus, ...places })
  const devices = await hardware.deviceEvidence(nonce)
  const reportData = recordingReportData(
    nonce,
    devices.map((d) => fromBase64Url(d.evidence)),
  )
  const cpu = await hardware.cpuEvidence(fromHex(reportData)).catch((error: unknown) => {
    // A GPU's evidence is worth recording on a machine whose CPU signs nothing.
    if (devices.length === 0 || !isAllodError(error, 'attestation/report-device-missing')) throw error
    missing.push(`evidence of the CPU: ${error.message}`)
    return null
  })
  return {
    version: 1,
    type: 'allod-recording',
    nonce,
    recordedAt: now,
    kernel,
    cpu: cpu as Recording['cpu'],
    devices: devices as Recording['devices'],
    missing,
  }
}

// What cannot be had is named in the recording and keeps nothing else away.
function endorser({ collateral, places = {} }: RecordOptions, missing: string[]): Endorse {
  return async (kind, evidence, supplied) => {
    const own = supplied === null ? [] : [new Uint8Array(supplied)]
    const logs = kind === 'tdx' ? firmwareLog(missing, places.eventLog) : []
    if (collateral === null) return [...own, ...logs]
    const { source, endpoints } = collateral
    try {
      const part = { kind, evidence: new Uint8Array(evidence), endorsements: own }
      const gathered = await collateralOf(part, source, endpoints)
      missing.push(...gathered.missing.map((m) => `${kind}: ${m}`))
      return [...own, ...logs, ...gathered.endorsements]
    } catch (error) {
      if (!isAllodError(error)) throw error
      missing.push(`${kind}: ${error.message} (${error.code})`)
      return [...own, ...logs]
    }
  }
}
