import { equalBytes, fromUtf8, isAllodError, record, sha256, text } from '@allod/protocol'
import { bytesOfText } from '../files/unarmoured.ts'
import { sortEndorsements } from '../nvidia/endorsements.ts'
import { parseOpaque, readOpaque } from '../nvidia/opaque.ts'
import { parseXml } from '../nvidia/rim/xml.ts'
import { readXmlSignature } from '../nvidia/rim/xmlSignature.ts'
import { rimNames } from '../nvidia/rimNames.ts'
import { parseSpdm } from '../nvidia/spdm.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { nonceOf, parseOcspResponse } from '../x509/ocsp.ts'
import { ocspRequest } from '../x509/ocspRequest.ts'
import { parsePem } from '../x509/pem.ts'
import { isAbout } from '../x509/verifyOcsp.ts'
import type { Endpoints } from './endpoints.ts'
import { fail } from './errors.ts'
import { type Gathered, gather, type Supplied, type Want } from './gather.ts'
import type { CollateralSource, Fetched } from './source.ts'

const MAX_CHAIN = 8

/**
 * What NVIDIA says of a device: the signed reference manifests of its driver and VBIOS, and the revocation status of its
 * certificates and of those that signed the manifests. The attestation key's own certificate is made by the device and has no
 * status. What was supplied is not asked for.
 * Source: NVIDIA attestation SDK; RFC 6960 for OCSP.
 * @param part evidence; its endorsements hold the device's chain
 * @throws collateral/bad-evidence where evidence or chain cannot be read; what the parsers of supplied collateral throw
 */
export async function nvidiaCollateral(
  { evidence, endorsements }: Supplied,
  source: CollateralSource,
  { nvidiaRim, nvidiaOcsp }: Pick<Endpoints, 'nvidiaRim' | 'nvidiaOcsp'>,
): Promise<Gathered> {
  const given = sortEndorsements(endorsements)
  const { names, certificates } = deviceOf(evidence, given.chain)
  const wanted = names.map(
    (id): Want => ({
      what: `reference manifest ${id}`,
      request: { url: `${nvidiaRim}/v1/rim/${id}` },
      read: readRim,
    }),
  )
  const manifests = await gather(source, given.rims.length === 0 ? wanted : [])
  const chains = [...given.rims, ...manifests.endorsements].map(signersOf)
  const answered = given.ocsp.map((der) => parseOcspResponse(der))
  // The nonce is derived, so that a kept answer answers again; how fresh it is, its dates say.
  const nonce = sha256(evidence)
  const statuses: Want[] = []
  for (const [certificate, issuer] of distinct([...pairs(certificates.slice(1)), ...chains.flatMap(pairs)])) {
    const about = await Promise.all(answered.map((response) => isAbout(response, certificate, issuer)))
    if (about.includes(true)) continue
    statuses.push({
      what: `revocation status of ${certificate.commonName ?? 'a certificate'}`,
      request: { url: nvidiaOcsp, body: await ocspRequest(certificate, issuer, nonce) },
      read: readStatus(nonce),
    })
  }
  const revocation = await gather(source, statuses)
  return {
    endorsements: [...manifests.endorsements, ...revocation.endorsements],
    missing: [...manifests.missing, ...revocation.missing],
  }
}

type Pair = readonly [certificate: Certificate, issuer: Certificate]

const pairs = (chain: readonly Certificate[]): readonly Pair[] =>
  chain.slice(1).map((issuer, i) => [chain[i] as Certificate, issuer])

// Two manifests share their authorities.
const distinct = (all: readonly Pair[]): readonly Pair[] =>
  all.filter(([one], i) => i === all.findIndex(([other]) => equalBytes(one.der, other.der)))

/** Certificates that a manifest names, unverified: only to ask after them. A manifest that cannot be read has none. */
function signersOf(manifest: Uint8Array): readonly Certificate[] {
  try {
    return readXmlSignature(parseXml(manifest)).certificates.map((der) => parseCertificate(der))
  } catch (error) {
    if (isAllodError(error)) return []
    throw error
  }
}

// A responder may answer from its store and then says no nonce; one that it says is ours (RFC 8954).
const readStatus =
  (nonce: Uint8Array) =>
  ({ bytes }: Fetched): readonly Uint8Array<ArrayBuffer>[] => {
    const said = nonceOf(parseOcspResponse(bytes))
    if (said !== null && !equalBytes(said, nonce))
      throw fail('refused', { expected: 'an answer to this request', actual: 'one to another' })
    return [bytes]
  }

const answerShape = record({ rim: text(1 << 20) })

function readRim({ bytes }: Fetched): readonly Uint8Array<ArrayBuffer>[] {
  try {
    const { rim } = answerShape(pick(JSON.parse(fromUtf8(bytes))))
    const manifest = bytesOfText(rim)
    if (manifest === null) throw new Error('no base64')
    return [manifest]
  } catch (cause) {
    throw fail('refused', { expected: '{ "rim": base64 }', cause })
  }
}

const pick = (value: unknown): unknown => ({ rim: (value as { readonly rim?: unknown } | null)?.rim })

function deviceOf(
  evidence: Uint8Array,
  chain: Uint8Array,
): { readonly names: readonly string[]; readonly certificates: readonly Certificate[] } {
  try {
    const certificates = parsePem(chain, 'CERTIFICATE', MAX_CHAIN).map((der) => parseCertificate(der))
    const [name = ''] = (certificates[0]?.commonName ?? '').split(' ')
    // A switch's is LS_10.
    const chip = name.replace('_', '')
    const opaque = readOpaque(parseOpaque(parseSpdm(evidence).opaque), name.includes('_') ? 'switch' : 'gpu')
    const { driver, vbios } = rimNames(opaque, chip)
    return { names: [...(driver === null ? [] : [driver]), vbios], certificates }
  } catch (cause) {
    throw fail('bad-evidence', { expected: 'evidence of an NVIDIA device, and its chain', cause })
  }
}
