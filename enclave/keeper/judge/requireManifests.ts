import { type Manifest, manifestHash, parseManifest } from '@allod/content'
import { type Committee, type Hex, keeperId, policyHash } from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Input } from './requireInputs.ts'

/** A sealed input with its manifest, which is the very one that spec and offer name. */
export type SealedInput = Input & { readonly manifest: Manifest; readonly policyHash: Hex }

/**
 * One manifest per sealed input and no other, each the one that the spec names, under the policy that its offer names and
 * shared among the order's committee. Who signed it, `requireOwnership` checks.
 * @throws keeper/manifest-missing, keeper/manifest-unexpected, keeper/manifest-mismatch, keeper/offer-mismatch,
 * keeper/committee-mismatch, content/manifest-inconsistent, content/bad-header, protocol/bad-shape
 */
export function requireManifests(
  inputs: readonly Input[],
  manifests: { readonly [input: string]: unknown },
  committee: Committee,
): readonly SealedInput[] {
  const stray = Object.keys(manifests).find((name) => inputs.every((i) => i.name !== name))
  if (stray !== undefined) throw fail('manifest-unexpected', { actual: stray })
  return inputs.map((input) => {
    if (!Object.hasOwn(manifests, input.name)) throw fail('manifest-missing', { expected: input.name })
    const manifest = requireManifestOf(manifests[input.name], input.manifestHash, committee)
    const policy = policyHash(manifest.policy)
    if (input.offer && input.offer.policyHash !== policy)
      throw fail('offer-mismatch', { expected: input.offer.policyHash, actual: policy, meta: { field: 'policyHash' } })
    return { ...input, manifest, policyHash: policy }
  })
}

/** Parses a manifest whose hash is known and whose shares are this committee's, in its order. */
function requireManifestOf(value: unknown, expected: Hex, committee: Committee): Manifest {
  const manifest = parseManifest(value)
  const actual = manifestHash(manifest)
  if (actual !== expected) throw fail('manifest-mismatch', { expected, actual })
  requireShares(manifest, committee)
  return manifest
}

/** Refuses a manifest that is shared among others than this committee. @throws keeper/committee-mismatch */
export function requireShares(manifest: Manifest, committee: Committee): void {
  const keepers = committee.members.map(keeperId)
  const isSame =
    manifest.t === committee.t &&
    manifest.shares.length === keepers.length &&
    manifest.shares.every((share, i) => share.keeper === keepers[i])
  if (!isSame) throw fail('committee-mismatch', { expected: keepers, actual: manifest.shares.map((s) => s.keeper) })
}
