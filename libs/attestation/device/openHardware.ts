import { createHash } from 'node:crypto'
import { fromHex, type Hex, toBase64Url } from '@allod/protocol'
import type { CpuKind, DeviceKind, EvidenceBundle } from '../evidence.ts'
import { collectNvidia } from './collectNvidia.ts'
import { extendRtmr } from './extendRtmr.ts'
import type { TsmFiles } from './tsmFiles.ts'
import { tsmReport } from './tsmReport.ts'

/** Kinds of evidence that hardware makes. */
export type HardwareKind = Exclude<CpuKind | DeviceKind, 'simulated' | 'simulated-gpu'>

/**
 * Brings what is needed to check evidence later: revocation lists, TCB information, reference values. It comes through
 * the host and is believed by nobody: whoever checks holds it against vendors' signatures.
 * @param supplied what came with the evidence: a certificate table, a chain
 */
export type Endorse = (
  kind: HardwareKind,
  evidence: Uint8Array,
  supplied: Uint8Array | null,
) => Promise<readonly Uint8Array[]>

/** The report devices of a confidential virtual machine, as an enclave sees them. */
export type Hardware = {
  readonly cpuEvidence: (reportData: Uint8Array) => Promise<EvidenceBundle['cpu']>
  readonly deviceEvidence: (nonce: Hex) => Promise<EvidenceBundle['devices']>
}

const KINDS = { tdx_guest: 'tdx', sev_guest: 'sevsnp' } as const

/**
 * Opens what the machine has. Paths are the kernel's unless told.
 * @param options.gpus whether NVIDIA's collector is asked for GPUs and switches
 * @param options.measured a hash that a TDX guest extends into RTMR3 first, so that every quote shows what it set out to do
 */
export function openHardware(
  endorse: Endorse,
  {
    gpus,
    measured = null,
    ...places
  }: {
    readonly gpus: boolean
    readonly measured?: Hex | null
    readonly base?: string
    readonly registers?: string
    readonly files?: TsmFiles
    readonly collector?: string
  },
): Hardware {
  let isMeasured = measured === null
  return {
    async cpuEvidence(reportData) {
      const first = await tsmReport(reportData, places)
      if (!isMeasured && first.provider === 'tdx_guest') {
        const digest = createHash('sha384')
          .update(fromHex(measured ?? '0x'))
          .digest()
        extendRtmr(digest, { ...places, ...(places.registers === undefined ? {} : { base: places.registers }) })
      }
      const { provider, report, auxiliary } = isMeasured ? first : await tsmReport(reportData, places)
      isMeasured = true
      const kind = KINDS[provider]
      return { kind, ...encoded(report, await endorse(kind, report, auxiliary)) }
    },
    async deviceEvidence(nonce) {
      if (!gpus) return []
      const found = await Promise.all(
        (['gpu', 'nvswitch'] as const).map(async (device) => {
          const kind = device === 'gpu' ? ('nvidia-gpu' as const) : ('nvidia-switch' as const)
          const devices = await collectNvidia(device, nonce, places)
          return Promise.all(
            devices.map(async ({ evidence, certificates }) => ({
              kind,
              ...encoded(evidence, await endorse(kind, evidence, certificates)),
            })),
          )
        }),
      )
      return found.flat()
    },
  }
}

const encoded = (evidence: Uint8Array, endorsements: readonly Uint8Array[]) => ({
  evidence: toBase64Url(evidence),
  endorsements: endorsements.map(toBase64Url),
})
