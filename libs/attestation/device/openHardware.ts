import { createHash } from 'node:crypto'
import { fromHex, type Hex, toBase64Url } from '@allod/protocol'
import type { CpuKind, DeviceKind, EvidenceBundle } from '../evidence.ts'
import { collectNvidia } from './collectNvidia.ts'
import { extendRtmr, hasRegisters } from './extendRtmr.ts'
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
  /** Extends what later reports show by a hash, where the chip can: TDX has run-time registers, SEV-SNP has none. */
  readonly measure: (hash: Hex) => void
}

const DEVICES = [
  ['gpu', 'nvidia-gpu'],
  ['nvswitch', 'nvidia-switch'],
] as const
const KINDS = { tdx_guest: 'tdx', sev_guest: 'sevsnp' } as const

/** Where the devices are; the kernel's and the driver's own paths unless told. */
export type Places = {
  readonly reports?: string
  readonly registers?: string
  readonly files?: TsmFiles
  readonly collector?: string
}

/**
 * Opens what the machine has.
 * @param options.gpus whether NVIDIA's collector is asked for GPUs and switches
 */
export function openHardware(endorse: Endorse, { gpus, ...places }: { readonly gpus: boolean } & Places): Hardware {
  return {
    async cpuEvidence(reportData) {
      const { provider, report, auxiliary } = await tsmReport(reportData, places)
      const kind = KINDS[provider]
      return { kind, ...encoded(report, await endorse(kind, report, auxiliary)) }
    },
    measure(hash) {
      if (hasRegisters(places)) extendRtmr(createHash('sha384').update(fromHex(hash)).digest(), places)
    },
    async deviceEvidence(nonce) {
      if (!gpus) return []
      const found: EvidenceBundle['devices'][number][] = []
      // One after the other: they are one driver's.
      for (const [device, kind] of DEVICES)
        for (const { evidence, certificates } of await collectNvidia(device, nonce, places))
          found.push({ kind, ...encoded(evidence, await endorse(kind, evidence, certificates)) })
      return found
    },
  }
}

const encoded = (evidence: Uint8Array, endorsements: readonly Uint8Array[]) => ({
  evidence: toBase64Url(evidence),
  endorsements: endorsements.map(toBase64Url),
})
