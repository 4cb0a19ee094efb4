import { equalBytes } from '@allod/protocol'
import { inOrder } from '../inOrder.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Crl, requireNotRevoked, verifyCrl } from '../x509/crl.ts'
import { fail as failX509 } from '../x509/errors.ts'
import { verifyRawEcdsa } from '../x509/signature.ts'
import { verifyChain } from '../x509/verifyChain.ts'
import { type Collateral, type Signed, sortCollateral } from './collateral.ts'
import type { Window } from './collateralFields.ts'
import { fail } from './errors.ts'
import type { PckChain } from './pckChain.ts'
import type { QeIdentity } from './qeIdentity.ts'
import type { TcbInfo } from './tcbInfo.ts'

/** Intel's lists for one platform, verified, and until when all that vouches for them holds. */
export type VerifiedCollateral = {
  readonly tcbInfo: TcbInfo
  readonly qeIdentity: QeIdentity
  /** Nobody signs these: the quote's registers prove them, or do not. */
  readonly eventLogs: Collateral['eventLogs']
  readonly validUntil: number
}

const TCB_SIGNER = 'Intel SGX TCB Signing'
const PCK_AUTHORITY = /^Intel SGX PCK (?:Platform|Processor) CA$/

/**
 * Verifies everything that Intel says beside the quote, and the platform's own chain: chains to the pinned root, a current
 * revocation list for every certificate but the root, and TCB info and QE identity over their very characters.
 * @param now Unix seconds
 * @throws tdx/missing-endorsement, tdx/tcb-info-mismatch, tdx/collateral-signature-invalid, tdx/collateral-expired,
 * tdx/collateral-not-yet-valid, x509/…, and what sorting throws
 */
export async function verifyCollateral(
  endorsements: readonly Uint8Array[],
  { pck, ca, root: { certificate: root } }: PckChain,
  now: number,
): Promise<VerifiedCollateral> {
  const { certificates, crls, tcbInfos, qeIdentity, eventLogs } = sortCollateral(endorsements)
  const signers = tcbSigners(certificates, root)
  const tcbInfo = tcbInfos.find(({ body }) => body.fmspc === pck.fmspc && body.pceid === pck.pceid)
  if (tcbInfos.length === 0) throw missing('TCB info')
  if (tcbInfo === undefined) throw mismatch(pck, tcbInfos)
  if (qeIdentity === null) throw missing('QE identity')
  const rootCrl = crlOf(crls, root)
  const caCrl = crlOf(crls, ca)
  const foreign = crls.find((crl) => crl !== rootCrl && crl !== caCrl)
  if (foreign !== undefined)
    throw fail('bad-endorsement', { expected: 'revocation lists of this chain', actual: 'another' })

  const windows = await inOrder([
    verifyChain([pck.certificate, ca], { root, now }),
    verifyCrl(rootCrl, root, now),
    verifyCrl(caCrl, ca, now),
    ...signers.map((signer) => verifyChain([signer], { root, now })),
    verifySigned(tcbInfo, signers, now),
    verifySigned(qeIdentity, signers, now),
  ])
  for (const signer of signers) requireNotRevoked(signer, rootCrl)
  requireNotRevoked(ca, rootCrl)
  requireNotRevoked(pck.certificate, caCrl)
  return {
    tcbInfo: tcbInfo.body,
    qeIdentity: qeIdentity.body,
    eventLogs,
    validUntil: Math.min(...windows.map((w) => w.validUntil), root.notAfter),
  }
}

// What chains bring besides their signer: authorities and roots that verification takes from elsewhere, and nothing else.
function tcbSigners(certificates: readonly Certificate[], root: Certificate): readonly Certificate[] {
  for (const certificate of certificates) {
    const { commonName, der, subject } = certificate
    if (equalBytes(subject, root.subject)) {
      if (!equalBytes(der, root.der))
        throw failX509('root-untrusted', { expected: 'the pinned root', actual: commonName })
    } else if (commonName !== TCB_SIGNER && !PCK_AUTHORITY.test(commonName ?? ''))
      throw fail('bad-endorsement', { expected: TCB_SIGNER, actual: commonName })
  }
  const signers = certificates.filter(({ commonName }) => commonName === TCB_SIGNER)
  if (signers.length === 0) throw missing(`certificate "${TCB_SIGNER}"`)
  return signers
}

async function verifySigned(
  { body, signedBytes, signature }: Signed<Window>,
  signers: readonly Certificate[],
  now: number,
): Promise<{ readonly validUntil: number }> {
  // Nearly always one; where Intel changed its signing key between two documents, two.
  for (const { spki } of signers) {
    if (!(await verifyRawEcdsa(spki, 'P-256', signedBytes, signature))) continue
    if (now < body.issued) throw fail('collateral-not-yet-valid', { expected: body.issued, actual: now })
    if (now > body.nextUpdate) throw fail('collateral-expired', { expected: body.nextUpdate, actual: now })
    return { validUntil: body.nextUpdate }
  }
  throw fail('collateral-signature-invalid')
}

function crlOf(crls: readonly Crl[], issuer: Certificate): Crl {
  const crl = crls.find((c) => equalBytes(c.issuer, issuer.subject))
  if (crl === undefined) throw missing(`revocation list of "${issuer.commonName}"`)
  return crl
}

const missing = (what: string) => fail('missing-endorsement', { expected: what })

const mismatch = ({ fmspc, pceid }: PckChain['pck'], infos: Collateral['tcbInfos']) =>
  fail('tcb-info-mismatch', {
    expected: { fmspc, pceid },
    actual: infos.map(({ body }) => ({ fmspc: body.fmspc, pceid: body.pceid })),
  })
