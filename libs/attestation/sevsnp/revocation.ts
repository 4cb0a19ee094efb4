import type { Check } from '../appraisal.ts'
import { known } from '../check.ts'
import { parseCrl, requireNotRevoked, verifyCrl } from '../x509/crl.ts'
import type { VerifiedChain } from './chain.ts'

/**
 * Holds a chain against the lists brought along. AMD has one list per product and sort of key, by the ARK, which stands for the
 * intermediate and for the leaf below it; 57230, "Certificate Revocation List". Without any, revocation is unknown and said so;
 * a list that does not hold refuses.
 * @returns the finding, and until when the lists are good: Unix seconds
 * @throws x509/revoked, x509/crl-expired and the other errors of x509 about lists
 */
export async function checkRevocation(
  { vek, intermediate, root }: VerifiedChain,
  lists: readonly Uint8Array[],
  now: number,
): Promise<{ readonly finding: Check; readonly validUntil: number }> {
  const ark = root.certificate
  let validUntil = Number.MAX_SAFE_INTEGER
  for (const der of lists) {
    const crl = parseCrl(der)
    validUntil = Math.min(validUntil, (await verifyCrl(crl, ark, now)).validUntil)
    requireNotRevoked(intermediate, crl)
    // Not issued by the ARK, yet named in its list if at all.
    requireNotRevoked({ ...vek, issuer: ark.subject }, crl)
  }
  const isKnown = lists.length > 0
  const finding = known(
    'revocation',
    'revocation-unknown',
    `a current list by ${ark.commonName}`,
    isKnown ? 'not revoked' : 'none',
    isKnown,
  )
  return { finding, validUntil }
}
