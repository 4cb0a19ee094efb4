import { equalBytes } from '@allod/protocol'
import type { Check } from '../appraisal.ts'
import { known } from '../check.ts'
import { inOrder } from '../inOrder.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type OcspResponse, parseOcspResponse } from '../x509/ocsp.ts'
import { isAbout, verifyOcsp } from '../x509/verifyOcsp.ts'
import type { NvidiaClaims } from './claims.ts'
import type { DeviceChain } from './deviceChain.ts'
import { fail } from './errors.ts'
import type { Rim } from './rim/verifyRim.ts'

/** What OCSP responses say of the certificates used. */
export type Revocation = {
  readonly status: NvidiaClaims['revocation']
  readonly findings: readonly Check[]
  /** Unix seconds; the earliest end of any response, or never where there is none. */
  readonly validUntil: number
}

type Subject = {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly of: 'device' | 'leaf' | 'reference'
}

type Answer = Subject & { readonly status: NvidiaClaims['revocation']; readonly validUntil: number }

/**
 * Checks supplied OCSP responses against the device's certificates and those that signed its manifests, all of them verified
 * before. A certificate without a response is a finding. The attestation key's own may have one; NVIDIA serves none for it, as
 * the device makes it anew.
 * @throws nvidia/bad-endorsement for a response about none of them, or two about one; x509/revoked and verifyOcsp's others
 */
export async function checkRevocation(
  chain: DeviceChain,
  rims: readonly Rim[],
  ocsp: readonly Uint8Array[],
  now: number,
): Promise<Revocation> {
  const responses = ocsp.map((der) => parseOcspResponse(der))
  const subjects = await Promise.all(
    [...deviceSubjects(chain), ...referenceSubjects(rims)].map((subject) => answered(subject, responses)),
  )
  if (responses.some((response) => !subjects.some((subject) => subject.responses.includes(response))))
    throw fail('bad-endorsement', { expected: 'OCSP responses about these certificates', actual: 'another' })
  const answers = await inOrder(subjects.map((subject) => answerOf(subject, now)))
  const device = answers.filter((a) => a.of === 'device')
  const reference = answers.filter((a) => a.of === 'reference')
  return {
    status: answers.some((a) => a.status === 'hold')
      ? 'hold'
      : device.every((a) => a.status === 'good')
        ? 'good'
        : 'unknown',
    findings: [
      finding('revocation', device),
      ...(rims.length === 0 ? [] : [finding('reference-revocation', reference)]),
    ],
    validUntil: Math.min(...answers.map((a) => a.validUntil)),
  }
}

function deviceSubjects({ path, root }: DeviceChain): readonly Subject[] {
  return path.map((certificate, i) => ({ certificate, issuer: path[i + 1] ?? root, of: i === 0 ? 'leaf' : 'device' }))
}

// Both manifests' signers share their authorities: each certificate is asked about once.
function referenceSubjects(rims: readonly Rim[]): readonly Subject[] {
  const subjects = rims.flatMap(({ chain }) =>
    chain.flatMap((certificate, i): readonly Subject[] => {
      const issuer = chain[i + 1]
      return issuer === undefined ? [] : [{ certificate, issuer, of: 'reference' }]
    }),
  )
  return subjects.filter((s, i) => i === subjects.findIndex((t) => equalBytes(t.certificate.der, s.certificate.der)))
}

type Answered = Subject & { readonly responses: readonly OcspResponse[] }

async function answered(subject: Subject, all: readonly OcspResponse[]): Promise<Answered> {
  const isAboutIt = await Promise.all(all.map((r) => isAbout(r, subject.certificate, subject.issuer)))
  return { ...subject, responses: all.filter((_, i) => isAboutIt[i]) }
}

async function answerOf(subject: Answered, now: number): Promise<Answer> {
  const { certificate, issuer } = subject
  const [response, ...more] = subject.responses
  // Of two, the older could be the one that still says good.
  if (more.length > 0) throw fail('bad-endorsement', { expected: 'one OCSP response', actual: certificate.commonName })
  if (response === undefined) return { ...subject, status: 'unknown', validUntil: Number.MAX_SAFE_INTEGER }
  return { ...subject, ...(await verifyOcsp(response, { certificate, issuer, now })) }
}

function finding(name: string, answers: readonly Answer[]): Check {
  const missing = answers.filter(({ status }) => status === 'unknown')
  const isKnown = missing.length === 0
  return known(
    name,
    'revocation-unknown',
    `an OCSP response for each of ${answers.length} certificates`,
    isKnown ? 'all' : `none for ${missing.map((a) => a.certificate.commonName).join(', ')}`,
    isKnown,
  )
}
