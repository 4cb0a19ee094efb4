import type { Hex } from '@allod/protocol'
import type { Check, Refusal } from '../appraisal.ts'
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
    oneOf('product', 'product-not-allowed', policy.products, product),
    oneOf('signing-key', 'signing-key-not-allowed', keys, signingKey),
    oneOf('vmpl', 'vmpl-not-allowed', policy.vmpls.map(String), String(vmpl)),
    guestPolicyCheck(claims),
    tcbCheck('reported-tcb', claims.reportedTcb, policy.minimumTcb[product]),
    // The committed TCB is what the firmware cannot be rolled back behind.
    tcbCheck('committed-tcb', claims.committedTcb, policy.minimumTcb[product]),
    platformCheck('smt', policy.smt ? 'any' : 'off', smtEnabled ? 'on' : 'off'),
    platformCheck('alias-check', policy.aliasCheck ? 'complete' : 'any', aliasCheckComplete ? 'complete' : 'not done'),
    keyCheck('id-key', policy.idKeys, claims.idKeyDigest),
    keyCheck('author-key', policy.authorKeys, authorKey),
  ]
}

// Debugging lets the host read the guest, a migration agent lets another guest do so: no policy field could allow either.
function guestPolicyCheck({ policy: { debug, migrateMa } }: SevSnpClaims): Check {
  const actual = [...(debug ? ['debug'] : []), ...(migrateMa ? ['migration agent'] : [])].join(' and ')
  return checked(
    'guest-policy',
    'guest-policy-not-allowed',
    'no debug, no migration agent',
    actual || 'neither',
    !actual,
  )
}

function tcbCheck(name: string, tcb: SevSnpTcb, minimum: SevSnpTcb | null): Check {
  const expected = minimum === null ? 'any' : `>= ${tcbWords(minimum)}`
  return checked(name, 'tcb-too-old', expected, tcbWords(tcb), minimum === null || isTcbAtLeast(tcb, minimum))
}

const platformCheck = (name: string, expected: string, actual: string): Check =>
  checked(name, 'platform-info-not-allowed', expected, actual, expected === 'any' || expected === actual)

const keyCheck = (name: string, keys: readonly Hex[] | null, actual: string): Check =>
  keys === null
    ? checked(name, 'author-key-mismatch', 'any', actual, true)
    : oneOf(name, 'author-key-mismatch', keys, actual)

const oneOf = (name: string, refusal: Refusal, allowed: readonly string[], actual: string): Check =>
  checked(name, refusal, allowed.join(' or '), actual, allowed.includes(actual))

function checked(name: string, refusal: Refusal, expected: string, actual: string, isPass: boolean): Check {
  return { name, result: isPass === true ? 'pass' : 'fail', refusal, expected, actual, source: 'policy' }
}
