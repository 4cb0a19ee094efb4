import { equalBytes, type Hex, toHex } from '@allod/protocol'
import { digest as digestOf } from '../../digest.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { Pin } from '../../x509/pinnedRoot.ts'
import { verifyRawEcdsa } from '../../x509/signature.ts'
import { fail } from './errors.ts'
import { type Manifest, readManifest } from './rim.ts'
import { rimRoot } from './roots.ts'
import { signerChain } from './signerChain.ts'
import { parseXml } from './xml.ts'
import { readXmlSignature } from './xmlSignature.ts'

/** Signed reference values of one driver or one VBIOS. */
export type Rim = Manifest & {
  /** SHA-384 of what was signed: names this revision, whatever it calls itself. */
  readonly digest: Hex
  /** Signers' certificates run out by design; whether an expired one is accepted is for a policy to say. */
  readonly signer: 'current' | 'expired'
  /** Unix seconds; the earliest end within the signer's chain, in the past where it has expired. */
  readonly validUntil: number
  /** The signer's chain, leaf first, the pinned root last: for revocation. */
  readonly chain: readonly Certificate[]
}

/**
 * Verifies a reference integrity manifest as NVIDIA serves it: the digest of the whole document, the
 * signer's chain to the pinned root, the signature; and only then reads the payload, from the very tree that was digested.
 * @param options.now Unix seconds
 * @param options.root NVIDIA's own unless told
 * @throws rim/too-large, rim/bad-xml, rim/profile-not-supported, rim/bad-chain, rim/not-yet-valid, rim/digest-mismatch,
 * rim/bad-signature, rim/bad-manifest
 */
export async function verifyRim(
  xml: Uint8Array,
  { now, root = rimRoot }: { readonly now: number; readonly root?: Pin },
): Promise<Rim> {
  const document = parseXml(xml)
  const { signed, digest, signedInfo, signature, certificates } = readXmlSignature(document)
  // The cheap check first: whoever floods with changed manifests pays for no signature of ours.
  const actual = await digestOf('SHA-384', signed)
  if (!equalBytes(actual, digest)) throw fail('digest-mismatch', { expected: toHex(digest), actual: toHex(actual) })
  const { chain, state, validUntil } = await signerChain(certificates, root, now)
  const [leaf] = chain
  if (leaf === undefined || !(await verifyRawEcdsa(leaf.spki, 'P-384', signedInfo, signature)))
    throw fail('bad-signature', { actual: leaf?.commonName })
  return { ...readManifest(document), digest: toHex(digest), signer: state, validUntil, chain }
}
