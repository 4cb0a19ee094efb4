import type { Hex } from '@allod/protocol'
import type { EvidencePart, FoundPart } from './binaryEvidence.ts'

/** What a file of evidence holds, whatever form it was written in. */
export type EvidenceFile = (
  | {
      /** One CPU at most, and devices. */
      readonly kind: 'parts'
      readonly parts: readonly EvidencePart[]
      /** The nonce that the file itself names. It shows that file and evidence belong together, and nothing about freshness. */
      readonly nonce: Hex | null
      /** The 64 bytes that the file says the CPU was asked to sign; the same holds for them. */
      readonly reportData: Hex | null
    }
  | { readonly kind: 'nras'; readonly token: Uint8Array<ArrayBuffer> }
  /** A bundle of Allod’s own; `evidenceShape` parses it. */
  | { readonly kind: 'bundle'; readonly value: unknown }
) & {
  /** What of the file nobody looks at, a sentence each. */
  readonly notes: readonly string[]
}

/** A file of one part. */
export const parts = (
  { notes, ...part }: FoundPart,
  { nonce = null, reportData = null }: { readonly nonce?: Hex | null; readonly reportData?: Hex | null } = {},
): EvidenceFile => ({ kind: 'parts', parts: [part], nonce, reportData, notes })
