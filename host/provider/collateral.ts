import { collateralOf, type Endpoints, httpSource } from '@allod/attestation/collateral'
import { cachedSource } from '@allod/attestation/collateral/cache'

/** Brings what the makers publish about some evidence, beside what came with it. What cannot be had is left out. */
export type Collateral = (
  kind: Parameters<typeof collateralOf>[0]['kind'],
  evidence: Uint8Array<ArrayBuffer>,
  endorsements: readonly Uint8Array<ArrayBuffer>[],
) => Promise<readonly Uint8Array[]>

/**
 * Asks the makers' services, or what stands in for them, and keeps their answers for a day.
 * @param folder the cache's
 */
export function collateralFrom(folder: string, endpoints: Endpoints): Collateral {
  const source = cachedSource(folder, httpSource(), { now: () => Math.floor(Date.now() / 1000) })
  return async (kind, evidence, endorsements) =>
    (await collateralOf({ kind, evidence, endorsements }, source, endpoints)).endorsements
}
