import { cpuVerifierOf, deviceVerifierOf, type EvidencePolicy, type Verifier } from '@allod/attestation'
import {
  type CollateralSource,
  collateralOf,
  type Endpoints,
  fitting,
  type Gathered,
} from '@allod/attestation/collateral'
import type { EvidenceFile, EvidencePart } from '@allod/attestation/files'
import { recordingReportData } from '@allod/attestation/files'
import { hardwareVerifiers, withIntermediate } from '@allod/attestation/hardware'
import { type Hex, isAllodError } from '@allod/protocol'
import { type EvidenceVerdict, judged, refusedBy } from './evidenceVerdict.ts'
import { unprovedBy } from './unproved.ts'

/** What the reader of a file knows by itself, and under which policy it judges. */
export type FileOptions = {
  /** Collateral beside what the file brings: blobs in their makers’ own formats, any order. */
  readonly endorsements: readonly Uint8Array[]
  /** Collateral from a folder, where that of other chips may lie beside: what fits is taken. */
  readonly choice?: readonly Uint8Array[]
  /** What devices must have answered. */
  readonly nonce: Hex | null
  /** The 64 bytes that the CPU must have signed. */
  readonly reportData: Hex | null
  readonly policy: EvidencePolicy
  /** Unix seconds at which dates are judged. */
  readonly now: number
  readonly verifiers?: readonly Verifier[]
  /** Where missing collateral is asked for; nowhere unless told. */
  readonly fetched?: { readonly source: CollateralSource; readonly endpoints: Endpoints }
}

type Parts = Extract<EvidenceFile, { kind: 'parts' }>

/**
 * Verifies and judges a file of hardware evidence on this device, by itself: no network, no service. Never throws for
 * anything in the file: what does not verify is refused, with its code.
 */
export async function verifyEvidenceFile(file: Parts, options: FileOptions): Promise<EvidenceVerdict> {
  const { policy, now, verifiers = hardwareVerifiers() } = options
  const expected = expectedOf(file, options)
  const unproved = [...unprovedBy(file, options)]
  try {
    const endorsed = async (part: EvidencePart): Promise<readonly Uint8Array[]> => {
      const chosen = fitting(part, options.choice ?? [])
      const given = [...part.endorsements, ...endorsementsFor(part, file, [...options.endorsements, ...chosen])]
      const { endorsements, missing } = await fetched(part, given, options.fetched)
      unproved.push(...missing.map((m) => `what was not to be had: ${m}`))
      const all = [...given, ...endorsements]
      // Of AMD’s authorities there are few, and a file seldom brings them.
      return part.kind === 'sevsnp' ? withIntermediate(all) : all
    }
    const cpuPart = file.parts.find((p) => !isDevice(p))
    const cpu =
      cpuPart &&
      (await cpuVerifierOf(verifiers, cpuPart.kind).verify(cpuPart.evidence, await endorsed(cpuPart), { now }))
    const devices = []
    for (const part of file.parts.filter(isDevice))
      devices.push(await deviceVerifierOf(verifiers, part.kind).verify(part.evidence, await endorsed(part), { now }))
    return { ...judged({ cpu: cpu ?? null, devices }, expected, policy), unproved }
  } catch (error) {
    return refusedBy(error, file.parts[0]?.kind ?? 'none', unproved)
  }
}

async function fetched(
  part: EvidencePart,
  endorsements: readonly Uint8Array[],
  from: FileOptions['fetched'],
): Promise<Gathered> {
  if (from === undefined) return { endorsements: [], missing: [] }
  try {
    return await collateralOf({ ...part, endorsements }, from.source, from.endpoints)
  } catch (error) {
    // Its verifier says what is wrong with it.
    if (isAllodError(error, 'collateral/bad-evidence')) return { endorsements: [], missing: [error.message] }
    throw error
  }
}

const isDevice = ({ kind }: EvidencePart): boolean => kind === 'nvidia-gpu' || kind === 'nvidia-switch'

// What the reader says wins; what the file says of itself still has to hold.
function expectedOf(file: Parts, { nonce, reportData }: FileOptions) {
  const devices = file.parts.filter(isDevice).map((p) => p.evidence)
  const isRecording = file.nonce !== null && file.reportData !== null
  const bound = isRecording && nonce !== null ? recordingReportData(nonce, devices) : file.reportData
  return { nonce: nonce ?? file.nonce, reportData: reportData ?? bound }
}

// Where a file has a CPU and devices, manifests and OCSP responses are the devices’, and all else is the CPU’s.
function endorsementsFor(part: EvidencePart, { parts }: Parts, given: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!parts.some(isDevice) || parts.every(isDevice)) return given
  return given.filter((blob) => isOfDevice(blob) === isDevice(part))
}

// RIM: XML. OCSP (RFC 6960): a SEQUENCE that starts with an ENUMERATED.
function isOfDevice(blob: Uint8Array): boolean {
  const length = blob[1] ?? 0
  const contentAt = length < 0x80 ? 2 : 2 + (length & 0x7f)
  return blob[0] === 0x3c || (blob[0] === 0x30 && blob[contentAt] === 0x0a)
}
