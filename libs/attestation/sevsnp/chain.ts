import { equalBytes, toHex } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { type PinnedRoot, pinnedRoot } from '../x509/pinnedRoot.ts'
import { verifyChain } from '../x509/verifyChain.ts'
import { type SevSnpProduct, sevSnpProducts } from './claims.ts'
import type { SevSnpEndorsements } from './endorsements.ts'
import { fail } from './errors.ts'

/** A chain whose signatures, names and dates hold. */
export type VerifiedChain = {
  readonly vek: Certificate
  /** ASK or ASVK. */
  readonly intermediate: Certificate
  readonly root: PinnedRoot
  /** Of the authorities; the leaf's own extension must say the same. */
  readonly product: SevSnpProduct
  /** Unix seconds. */
  readonly validUntil: number
}

/**
 * Verifies VCEK ← ASK ← ARK, or VLEK ← ASVK ← ARK. The root is a pinned one, whatever was brought along; the intermediate is
 * the one brought along.
 * @throws sevsnp/issuer-missing, sevsnp/root-not-pinned, sevsnp/wrong-issuer, and the errors of x509
 */
export async function verifySevSnpChain(
  sort: 'vcek' | 'vlek',
  vek: Certificate,
  brought: SevSnpEndorsements,
  { roots, now }: { readonly roots: readonly PinnedRoot[]; readonly now: number },
): Promise<VerifiedChain> {
  await requirePinned(brought.ark, roots)
  const issuer = sort === 'vcek' ? 'ask' : 'asvk'
  const intermediate = brought[issuer]
  if (intermediate === null) throw fail('issuer-missing', { expected: issuer.toUpperCase(), actual: 'none' })
  const root = roots.find(({ certificate }) => equalBytes(certificate.subject, intermediate.issuer))
  if (root === undefined)
    throw fail('root-not-pinned', { expected: 'an ARK of AMD', actual: toHex(intermediate.issuer.subarray(0, 256)) })
  const { validUntil } = await verifyChain([vek, intermediate], { root: root.certificate, now })
  return { vek, intermediate, root, product: productOf(sort, intermediate, root.certificate), validUntil }
}

// A root that came along is not needed; one that is not the pinned one says that somebody meant another chain.
async function requirePinned(ark: Certificate | null, roots: readonly PinnedRoot[]): Promise<void> {
  const ids = roots.map(({ id }) => id)
  if (ark !== null && (await pinnedRoot(ark.der, ids)) === null)
    throw fail('root-not-pinned', { expected: 'an ARK of AMD', actual: ark.commonName })
}

// A cloud's authority must not vouch for a chip, nor one product's for another's.
function productOf(sort: 'vcek' | 'vlek', intermediate: Certificate, ark: Certificate): SevSnpProduct {
  const product = sevSnpProducts.find((one) => ark.commonName === `ARK-${one}`)
  const expected = `SEV-${sort === 'vlek' ? 'VLEK-' : ''}${product}`
  if (product === undefined || intermediate.commonName !== expected)
    throw fail('wrong-issuer', { expected, actual: intermediate.commonName })
  return product
}
