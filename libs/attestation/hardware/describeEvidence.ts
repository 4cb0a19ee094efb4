import type { Field } from '../field.ts'
import { describeNvidia } from '../nvidia/describeNvidia.ts'
import { describeNras } from '../nvidia/nras/describeNras.ts'
import { describeSevSnp } from '../sevsnp/describeSevSnp.ts'
import { describeTdx } from '../tdx/describeTdx.ts'

/** Kinds that can be put into words. */
export type DescribedKind = 'tdx' | 'sevsnp' | 'nvidia-gpu' | 'nvidia-switch' | 'nras'

/** Every field of some evidence, in words. Parses only: nothing of it is verified. @throws the parsers' own errors */
export function describeEvidence(kind: DescribedKind, evidence: Uint8Array): readonly Field[] {
  switch (kind) {
    case 'tdx':
      return describeTdx(evidence)
    case 'sevsnp':
      return describeSevSnp(evidence)
    case 'nvidia-gpu':
    case 'nvidia-switch':
      return describeNvidia(evidence)
    case 'nras':
      return describeNras(evidence)
    default:
      return kind satisfies never
  }
}
