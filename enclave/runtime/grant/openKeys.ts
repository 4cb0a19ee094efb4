import {
  combineShares,
  hpkeOpen,
  type Manifest,
  manifestHash,
  parseHeader,
  parseManifest,
  requireManifest,
  type Share,
} from '@allod/content'
import {
  type Facts,
  fromHex,
  grantInfo,
  type Hex,
  isAllodError,
  type JobDocument,
  policyHash,
  type Secret,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import { blaming } from '../inputs/InputFault.ts'
import type { Grant } from './obtainGrant.ts'

/** A sealed input with the key that opens it. */
export type OpenedKey = {
  readonly input: string
  readonly objectId: Hex
  readonly manifest: Manifest
  readonly dek: Secret
}

/**
 * Opens the granted shares and combines them to the inputs' keys. A keeper's bad share is named and left out; the others
 * suffice while t are good.
 * @param onBadShare told the keeper and object of each share that is not what was committed to
 * @throws runtime/input-missing, runtime/manifest-mismatch, content/too-few-shares, content/wrong-key
 */
export async function openKeys(
  job: JobDocument,
  grant: Grant,
  grantKey: Secret,
  { onBadShare }: { readonly onBadShare: (keeper: Hex, objectId: Hex) => void },
): Promise<readonly OpenedKey[]> {
  const opened: OpenedKey[] = []
  for (const [input, { kind, ...named }] of Object.entries(job.spec.inputs)) {
    if (kind !== 'object' || !('objectId' in named)) continue
    const fact = grant.facts.objects.find((o) => o.input === input && o.objectId === named.objectId)
    if (fact === undefined) throw fail('input-missing', { expected: named.objectId, meta: { input } })
    const manifest = requireFactsManifest(job.manifests[input], fact)
    const dek = await blaming(job.terms, fact.objectId, () =>
      combineKey(manifest, fact.objectId, job, grant, grantKey, onBadShare),
    )
    opened.push({ input, objectId: fact.objectId, manifest, dek })
  }
  return opened
}

// The host hands manifests over; keepers say which one is meant, and whose object it is.
function requireFactsManifest(value: unknown, fact: Facts['objects'][number]): Manifest {
  const manifest = parseManifest(value)
  const actual = {
    manifestHash: manifestHash(manifest),
    owner: manifest.owner,
    policyHash: policyHash(manifest.policy),
  }
  if (actual.manifestHash !== fact.manifestHash || actual.owner !== fact.owner || actual.policyHash !== fact.policyHash)
    throw fail('manifest-mismatch', {
      expected: fact.manifestHash,
      actual: actual.manifestHash,
      meta: { input: fact.input },
    })
  requireManifest(manifest, { objectId: fact.objectId, signer: manifest.signature.signer })
  return manifest
}

type KeeperShare = Share & { readonly keeper: Hex }

async function combineKey(
  manifest: Manifest,
  objectId: Hex,
  job: JobDocument,
  grant: Grant,
  grantKey: Secret,
  onBadShare: (keeper: Hex, objectId: Hex) => void,
): Promise<Secret> {
  const { order, generation } = job
  const shares: KeeperShare[] = []
  for (const { member, reply } of grant.replies) {
    const granted = reply.shares.find((s) => s.objectId === objectId)
    if (granted === undefined) continue
    const { index, sealed } = granted
    // Under another's place, a bad share would have the honest keeper of that place left out instead.
    if (manifest.shares[index - 1]?.keeper !== member.id) {
      onBadShare(member.id, objectId)
      continue
    }
    const info = grantInfo({ order, generation, enclave: grant.facts.enclave, objectId, index })
    try {
      shares.push({ keeper: member.id, index, share: await hpkeOpen(grantKey, info, new Uint8Array(), sealed) })
    } catch {
      onBadShare(member.id, objectId)
    }
  }
  const object = {
    objectId,
    t: manifest.t,
    commitments: manifest.shares.map((s) => s.commitment),
    header: parseHeader(fromHex(manifest.header)),
  }
  let good: readonly KeeperShare[] = shares
  try {
    for (;;) {
      try {
        return await combineShares(good, object)
      } catch (error) {
        const index = isAllodError(error, 'content/share-mismatch') ? error.meta.index : undefined
        const bad = good.find((s) => s.index === index)
        if (bad === undefined) throw error
        onBadShare(bad.keeper, objectId)
        good = good.filter((s) => s !== bad)
      }
    }
  } finally {
    // t of them are as good as the key.
    for (const { share } of shares) share.erase()
  }
}
