import type { Check } from '../appraisal.ts'
import { check, listed } from '../check.ts'
import type { SevSnpClaims, SevSnpTcb } from './claims.ts'
import type { SevSnpPolicy } from './policy.ts'
import { isTcbAtLeast, tcbWords } from './tcb.ts'

/** What a policy demands of a SEV-SNP guest, check by check. Pure. */
export function sevSnpChecks(claims: SevSnpClaims, policy: SevSnpPolicy): Check[] {
  const { authorKeyEnabled, platformInfo, product, signingKey, vmpl } = claims
  const keys = policy.vlek ? ['vcek', 'vlek'] : ['vcek']
  const authorKey = authorKeyEnabled ? claims.authorKeyDigest : 'none'
  const { smtEnabled, aliasCheckComplete } = platformInfo
  return [
    listed('product', 'product-not-allowed', policy.products, product),
    listed('signing-key', 'signing-key-not-allowed', keys, signingKey),
    listed('vmpl', 'vmpl-not-allowed', policy.vmpls.map(String), String(vmpl)),
    guestPolicyCheck(claims),
    tcbCheck('reported-tcb', claims.reportedTcb, policy.minimumTcb[product]),
    // The committed TCB is what the firmware cannot be rolled back behind.
    tcbCheck('committed-tcb', claims.committedTcb, policy.minimumTcb[product]),
    platformCheck('smt', policy.smt ? 'any' : 'off', smtEnabled ? 'on' : 'off'),
    platformCheck('alias-check', policy.aliasCheck ? 'complete' : 'any', aliasCheckComplete ? 'complete' : 'not done'),
    listed('id-key', 'author-key-mismatch', policy.idKeys, claims.idKeyDigest),
    listed('author-key', 'author-key-mismatch', policy.authorKeys, authorKey),
  ]
}

// Debugging lets the host read the guest, a migration agent lets another guest do so: no policy field could allow either.
function guestPolicyCheck({ policy: { debug, migrateMa } }: SevSnpClaims): Check {
  const actual = [...(debug ? ['debug'] : []), ...(migrateMa ? ['migration agent'] : [])].join(' and ')
  return check('guest-policy', 'guest-policy-not-allowed', 'no debug, no migration agent', actual || 'neither', !actual)
}

function tcbCheck(name: string, tcb: SevSnpTcb, minimum: SevSnpTcb | null): Check {
  const expected = minimum === null ? 'any' : `>= ${tcbWords(minimum)}`
  return check(name, 'tcb-too-old', expected, tcbWords(tcb), minimum === null || isTcbAtLeast(tcb, minimum))
}

const platformCheck = (name: string, expected: string, actual: string): Check =>
  check(name, 'platform-info-not-allowed', expected, actual, expected === 'any' || expected === actual)
