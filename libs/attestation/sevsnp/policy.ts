import type { Shaped } from '@allod/protocol'
import type { sevSnpPolicyShape } from './sevSnpPolicyShape.ts'

/** What a policy demands of a SEV-SNP guest. */
export type SevSnpPolicy = Shaped<typeof sevSnpPolicyShape>

/** Strict on what is never needed; security versions are for the policy's author to name. */
export const strictSevSnp: SevSnpPolicy = {
  products: ['Milan', 'Genoa', 'Turin'],
  minimumTcb: { Milan: null, Genoa: null, Turin: null },
  vlek: false,
  vmpls: [0],
  smt: true,
  aliasCheck: false,
  idKeys: null,
  authorKeys: null,
}
