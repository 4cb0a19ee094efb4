import { isAllodError } from '@allod/protocol'
import { type Certificate, parseCertificate } from '../../x509/certificate.ts'
import { type Pin, pinnedRoot } from '../../x509/pinnedRoot.ts'
import { verifyChain } from '../../x509/verifyChain.ts'
import { fail } from './errors.ts'

/** Who signed a manifest, once the chain holds. */
export type Signer = {
  /** Leaf first, the pinned root last: what revocation is asked about. */
  readonly chain: readonly Certificate[]
  /** `expired` where a certificate of the chain is, which is by design: signers last two years, manifests are used for longer. */
  readonly state: 'current' | 'expired'
  /** Unix seconds; the earliest end within the chain. */
  readonly validUntil: number
}

// Signer, L3 authority of the chip, L2 authority, root.
const CERTIFICATES = 4
const EXTENDED_KEY_USAGE = '2.5.29.37'

/**
 * Verifies the certificates of a manifest's KeyInfo to the pinned root, which must be the last of them.
 * @param certificates DER, leaf first
 * @param now Unix seconds
 * @throws rim/bad-chain with the certificate's own refusal as its cause, rim/not-yet-valid
 */
export async function signerChain(certificates: readonly Uint8Array[], root: Pin, now: number): Promise<Signer> {
  if (certificates.length !== CERTIFICATES)
    throw fail('bad-chain', { expected: `${CERTIFICATES} certificates`, actual: certificates.length })
  const last = certificates.at(-1)
  const pinned = last === undefined ? null : await pinnedRoot(last, [root])
  if (pinned === null) throw fail('bad-chain', { expected: 'the pinned root' })
  try {
    const chain = certificates.map(parseCertificate)
    const [leaf] = chain
    // A signer of manifests is no authority, and its key is for signing; nor is it what an authority appointed for one purpose,
    // such as signing OCSP responses.
    const isSigner = leaf?.keyUsage?.has('digitalSignature') && !leaf.isCa && !leaf.extensions.has(EXTENDED_KEY_USAGE)
    if (isSigner !== true) throw fail('bad-chain', { expected: 'a signer', actual: leaf?.commonName })
    // What has expired is judged at its last moment: NVIDIA lets signers and the authorities above them run out.
    const validUntil = Math.min(...chain.map((certificate) => certificate.notAfter))
    await verifyChain(chain, { root: pinned.certificate, now: Math.min(now, validUntil) })
    return { chain, state: now > validUntil ? 'expired' : 'current', validUntil }
  } catch (cause) {
    if (!isAllodError(cause) || cause.code.startsWith('rim/')) throw cause
    const name = cause.code === 'x509/not-yet-valid' ? 'not-yet-valid' : 'bad-chain'
    throw fail(name, { meta: { ...cause.meta, reason: cause.code }, cause })
  }
}
