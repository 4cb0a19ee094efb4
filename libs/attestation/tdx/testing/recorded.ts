import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, utf8 } from '@allod/protocol'

const folder = join(import.meta.dirname, '../../../../../shared/vectors/attestation/tdx')

/** Whether the genuine recordings are beside the repository. */
export const hasRecordings = existsSync(folder)

/** One recording's bytes. @param name path below the folder of TDX recordings */
export const recorded = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))

/** One recording of JSON. */
export const recordedJson = (name: string): Record<string, string> =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>

/** Endorsements out of a collateral file as Phala writes it: the bodies as Intel serves them, chains, lists in DER. */
export function phalaCollateral(name: string): { readonly [part: string]: Uint8Array } {
  const file = recordedJson(name)
  const get = (field: string): string => file[field] as string
  return {
    tcbInfo: utf8(`{"tcbInfo":${get('tcb_info')},"signature":"${get('tcb_info_signature')}"}`),
    qeIdentity: utf8(`{"enclaveIdentity":${get('qe_identity')},"signature":"${get('qe_identity_signature')}"}`),
    tcbChain: utf8(get('tcb_info_issuer_chain')),
    qeChain: utf8(get('qe_identity_issuer_chain')),
    pckCrlChain: utf8(get('pck_crl_issuer_chain')),
    rootCrl: fromHex(`0x${get('root_ca_crl')}`),
    pckCrl: fromHex(`0x${get('pck_crl')}`),
  }
}

/** Endorsements of March 2026 for two families of platforms. */
export const collateral2026 = (): readonly Uint8Array[] =>
  [
    'tcb_info_90c06f000000.json',
    'tcb_info_50806f000000.json',
    'td_qe_identity.json',
    'tcb_signing_chain.pem',
    'qe_identity_signing_chain.pem',
    'pck_crl_platform.der',
    'root_ca_crl.der',
  ].map((name) => recorded(`attestation-rs/collateral/${name}`))

/** Unix seconds of an ISO moment. */
export const at = (iso: string): { readonly now: number } => ({ now: Date.parse(iso) / 1000 })
