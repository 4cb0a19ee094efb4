import { type Hex, toHex } from '@allod/protocol'
import type { Certificate } from '../x509/certificate.ts'
import { DER, type DerNode, readDer } from '../x509/der.ts'
import { derOctets, derOid, derSequence, derSmallInteger, derTagged } from '../x509/derValues.ts'
import { fail } from './errors.ts'

/** What Intel certified of a platform: its id, its family and the security versions its PCK key was derived at. */
export type PckCertificate = {
  readonly certificate: Certificate
  readonly ppid: Hex
  readonly fmspc: Hex
  readonly pceid: Hex
  /** Sixteen SVNs of the platform's components. */
  readonly components: readonly number[]
  readonly pcesvn: number
}

/** Intel's SGX extensions (PCK Certificate and CRL Profile, 1.3.5). */
const SGX_EXTENSION = '1.2.840.113741.1.13.1'
const COMMON_NAME = 'Intel SGX PCK Certificate'
const COMPONENTS = 16
/** PPID, TCB, PCE-ID, FMSPC and SGX type; platforms of several packages add an instance id and a configuration. */
const MEMBERS = { least: 5, most: 7 }

/**
 * Reads the platform's own fields out of a PCK certificate, whose chain is verified elsewhere.
 * @throws tdx/bad-pck-certificate, x509/bad-der
 */
export function parsePckCertificate(certificate: Certificate): PckCertificate {
  if (certificate.commonName !== COMMON_NAME) throw bad(COMMON_NAME, certificate.commonName)
  if (certificate.isCa) throw bad('a leaf', 'an authority')
  const extension = certificate.extensions.get(SGX_EXTENSION)
  if (extension === undefined) throw bad(`extension ${SGX_EXTENSION}`, 'none')
  const members = derSequence(readDer(extension.value), MEMBERS.least, MEMBERS.most)
  const [ppid, tcb, pceid, fmspc, sgxType] = members.map((node, i) => member(node, `${SGX_EXTENSION}.${i + 1}`))
  derTagged(sgxType, DER.enumerated)
  return {
    certificate,
    ppid: octets(ppid, 16),
    fmspc: octets(fmspc, 6),
    pceid: octets(pceid, 2),
    ...parseTcb(tcb),
  }
}

function parseTcb(node: DerNode | undefined): Pick<PckCertificate, 'components' | 'pcesvn'> {
  const members = derSequence(node, COMPONENTS + 2, COMPONENTS + 2)
  const values = members.map((child, i) => member(child, `${SGX_EXTENSION}.2.${i + 1}`))
  octets(values[COMPONENTS + 1], 16)
  return {
    components: values.slice(0, COMPONENTS).map((value) => svn(value, 0xff)),
    pcesvn: svn(values[COMPONENTS], 0xffff),
  }
}

// Each member is a pair of its own identifier and a value, in the order of the profile.
function member(node: DerNode, oid: string): DerNode | undefined {
  const [name, value] = derSequence(node, 2, 2)
  if (derOid(name) !== oid) throw bad(oid, derOid(name))
  return value
}

function octets(node: DerNode | undefined, sizeBytes: number): Hex {
  const bytes = derOctets(node)
  if (bytes.length !== sizeBytes) throw bad(`${sizeBytes} bytes`, bytes.length)
  return toHex(bytes)
}

function svn(node: DerNode | undefined, max: number): number {
  const value = derSmallInteger(node)
  if (value > max) throw bad(`at most ${max}`, value)
  return value
}

const bad = (expected: string, actual: unknown) => fail('bad-pck-certificate', { expected, actual })
