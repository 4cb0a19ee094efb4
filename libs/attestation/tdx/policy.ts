import type { Shaped } from '@allod/protocol'
import type { tdxPolicyShape } from './tdxPolicyShape.ts'

/** What a policy demands of a trust domain. */
export type TdxPolicy = Shaped<typeof tdxPolicyShape>

/** The strictest that a current platform meets. */
export const strictTdx: TdxPolicy = {
  statuses: ['UpToDate'],
  advisories: null,
  required: ['SEPT_VE_DISABLE'],
  allowed: ['SEPT_VE_DISABLE', 'PKS'],
  serviceTd: 'refused',
  registers: {
    mrtd: null,
    rtmr0: null,
    rtmr1: null,
    rtmr2: null,
    rtmr3: null,
    mrconfigid: null,
    mrowner: null,
    mrownerconfig: null,
  },
}
