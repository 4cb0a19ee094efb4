import { fromUtf8, record, sha256, text } from '@allod/protocol'
import { bytesOfText } from '../files/unarmoured.ts'
import { sortEndorsements } from '../nvidia/endorsements.ts'
import { parseOpaque, readOpaque } from '../nvidia/opaque.ts'
import { rimNames } from '../nvidia/rimNames.ts'
import { parseSpdm } from '../nvidia/spdm.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { ocspRequest } from '../x509/ocspRequest.ts'
import { parsePem } from '../x509/pem.ts'
import type { Endpoints } from './endpoints.ts'
import { fail } from './errors.ts'
import { type Gathered, gather, type Supplied, type Want } from './gather.ts'
import type { CollateralSource, Fetched } from './source.ts'

const MAX_CHAIN = 8

/**
 * What NVIDIA says of a device: the signed reference manifests of its driver and VBIOS, and the revocation status of its
 * certificates. The attestation key's own certificate is made by the device and has no status.
 * Source: NVIDIA attestation SDK; RFC 6960 for OCSP.
 * @param part evidence; its endorsements hold the device's chain. Manifests are asked for where none was supplied, and so is
 *   revocation
 * @throws collateral/bad-evidence where evidence or chain cannot be read; nvidia/bad-endorsement
 */
export async function nvidiaCollateral(
  { evidence, endorsements }: Supplied,
  source: CollateralSource,
  { nvidiaRim, nvidiaOcsp }: Pick<Endpoints, 'nvidiaRim' | 'nvidiaOcsp'>,
): Promise<Gathered> {
  const given = sortEndorsements(endorsements)
  const { names, certificates } = deviceOf(evidence, given.chain)
  const nonce = sha256(evidence)
  const manifests: readonly Want[] = names.map((id) => ({
    what: `reference manifest ${id}`,
    request: { url: `${nvidiaRim}/v1/rim/${id}` },
    read: readRim,
  }))
  const statuses = certificates.slice(1).flatMap((certificate, i): Want[] => {
    const issuer = certificates[i + 2]
    if (issuer === undefined) return []
    return [
      {
        what: `revocation status of ${certificate.commonName ?? 'a certificate'}`,
        // Derived, so that a kept answer answers again; freshness is in its dates.
        request: { url: nvidiaOcsp, body: ocspRequest(certificate, issuer, nonce) },
      },
    ]
  })
  return gather(source, [...(given.rims.length === 0 ? manifests : []), ...(given.ocsp.length === 0 ? statuses : [])])
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
