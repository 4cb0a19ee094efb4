import type { EvidencePart } from '../files/binaryEvidence.ts'
import { amdCollateral } from './amd.ts'
import type { Endpoints } from './endpoints.ts'
import type { Gathered, Supplied } from './gather.ts'
import { intelCollateral } from './intel.ts'
import { nvidiaCollateral } from './nvidia.ts'
import type { CollateralSource } from './source.ts'

/**
 * Asks the maker of some evidence for everything that verification of it takes, beside what came with it.
 * @param part evidence; of a device, its endorsements hold its chain
 * @throws collateral/bad-evidence, and what the parsers of supplied endorsements throw
 */
export async function collateralOf(
  part: Supplied & Pick<EvidencePart, 'kind'>,
  source: CollateralSource,
  endpoints: Endpoints,
): Promise<Gathered> {
  switch (part.kind) {
    case 'tdx':
      return intelCollateral(part, source, endpoints)
    case 'sevsnp':
      return amdCollateral(part, source, endpoints)
    case 'nvidia-gpu':
    case 'nvidia-switch':
      return nvidiaCollateral(part, source, endpoints)
    default:
      return part.kind satisfies never
  }
}
