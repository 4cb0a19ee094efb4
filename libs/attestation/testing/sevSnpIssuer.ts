import { concat, utf8 } from '@allod/protocol'
import type { SevSnpProduct } from '../sevsnp/claims.ts'
import { ia5String, integer } from './derWriter.ts'
import { type CertificateFacts, extension, issueCertificate, type TestCertificate } from './issue.ts'
import { newTestKey, type TestKey } from './testKey.ts'

const AMD = '1.3.6.1.4.1.3704.1'

/** Security versions by the extension that states each; 57230. */
export type Versions = { readonly [id: string]: number }

/** The authorities of one product under a root of our own. */
export type SevSnpAuthorities = {
  readonly product: SevSnpProduct
  readonly ark: TestCertificate
  readonly ask: TestCertificate
  readonly asvk: TestCertificate
}

/** Makes ARK, ASK and ASVK as AMD names them. */
export async function newAuthorities(product: SevSnpProduct): Promise<SevSnpAuthorities> {
  const ark = await issueCertificate({
    subject: `ARK-${product}`,
    key: await newTestKey('rsa-pss'),
    isCa: true,
    serial: 0x10000,
  })
  const intermediate = async (subject: string, serial: number) =>
    await issueCertificate({
      ...{ subject, serial, issuer: ark, isCa: true, pathLength: 0, keyUsage: ['keyCertSign'] as const },
      key: await newTestKey('rsa-pss'),
    })
  return {
    product,
    ark,
    ask: await intermediate(`SEV-${product}`, 0x10001),
    asvk: await intermediate(`SEV-VLEK-${product}`, 0x10101),
  }
}

/** AMD's extensions of a VEK, by the last part of their identifiers. */
export type VekExtensions = { readonly [id: string]: Uint8Array }

/** What a VCEK carries: its product's name, versions and chip. */
export const vcekExtensions = (name: string, versions: Versions, hwId: Uint8Array): VekExtensions => ({
  ...common(name, versions),
  '4': hwId,
})

/** What a VLEK carries. */
export const vlekExtensions = (name: string, versions: Versions, cspId: string): VekExtensions => ({
  ...common(name, versions),
  '5': ia5String(cspId),
})

/** Issues a VCEK or VLEK. */
export async function issueVek(
  issuer: TestCertificate,
  extensions: VekExtensions,
  facts: Partial<CertificateFacts> & { readonly key: TestKey },
): Promise<TestCertificate> {
  return await issueCertificate({
    subject: '5' in extensions ? 'SEV-VLEK' : 'SEV-VCEK',
    issuer,
    serial: 0,
    keyUsage: null,
    extensions: Object.entries(extensions).map(([id, value]) => extension(`${AMD}.${id}`, value)),
    ...facts,
  })
}

function common(name: string, versions: Versions): VekExtensions {
  const turin = name.startsWith('Turin')
  return {
    '1': integer(turin ? 1 : 0),
    '2': ia5String(name),
    ...Object.fromEntries(Object.entries(versions).map(([id, value]) => [`3.${id}`, integer(value)])),
  }
}

/** Changes a report's bytes before they are signed. */
export type Patch = (report: Uint8Array) => void

/** Sets bytes at an offset. */
export const put =
  (offset: number, ...bytes: readonly number[]): Patch =>
  (report) =>
    report.set(bytes, offset)

/** A report of this version, all of it plausible, changed by the patches and then signed as the firmware signs. */
export async function signReport(version: number, key: TestKey, patches: readonly Patch[]): Promise<Uint8Array> {
  const report = new Uint8Array(0x4a0)
  const plausible = [
    put(0x00, version),
    // ABI 0.31, SMT allowed, and the bit that is always one.
    put(0x08, 31, 0, 3),
    put(0x34, 1),
    // SMT on, alias check complete.
    put(0x40, 0x21),
    put(0x50, ...utf8('hermetic')),
    put(0x90, ...Array.from({ length: 48 }, (_, i) => i)),
    put(0xc0, ...Array.from({ length: 32 }, () => 0xc0)),
    put(0x140, ...Array.from({ length: 32 }, () => 0x14)),
    put(0x160, ...Array.from({ length: 32 }, () => 0xff)),
    put(0x1e8, 7, 55, 1, 0, 7, 55, 1),
  ]
  for (const patch of [...plausible, ...patches]) patch(report)
  const signature = await key.signRaw(report.subarray(0, 0x2a0))
  report.set(signature.slice(0, 48).reverse(), 0x2a0)
  report.set(signature.slice(48).reverse(), 0x2a0 + 72)
  return report
}

/** The table of certificates as a host writes it: header, then the parts behind one another. */
export function certificateTable(entries: readonly (readonly [guid: Uint8Array, part: Uint8Array])[]): Uint8Array {
  const header = new Uint8Array(24 * (entries.length + 1))
  const view = new DataView(header.buffer)
  let offset = header.length
  for (const [i, [guid, part]] of entries.entries()) {
    header.set(guid, 24 * i)
    view.setUint32(24 * i + 16, offset, true)
    view.setUint32(24 * i + 20, part.length, true)
    offset += part.length
  }
  return concat(header, ...entries.map(([, part]) => part))
}
