import { hex, list, nullable, oneOf, record, text } from '@allod/protocol'
import { tcbStatuses } from '../verified.ts'

const register = nullable(list(hex(48), 64, 1))

/** What a policy demands of a trust domain. Debug is never accepted, and no field could allow it. */
export const tdxPolicyShape = record({
  /** Statuses accepted, for platform, quoting enclave and module alike. */
  statuses: list(oneOf(...tcbStatuses), tcbStatuses.length, 1),
  /** Advisories accepted where a status comes with some; `null` accepts whatever the accepted statuses come with. */
  advisories: nullable(list(text(32, /^INTEL-SA-[0-9]{5}$/), 64)),
  /** Attributes that must be on, of those a policy may demand. */
  required: list(oneOf('SEPT_VE_DISABLE'), 1),
  /** Attributes accepted besides. */
  allowed: list(oneOf('SEPT_VE_DISABLE', 'PKS', 'PERFMON'), 3),
  /** Whether a service TD, which may migrate the domain, may be bound. */
  serviceTd: oneOf('refused', 'allowed'),
  /** Registers: one of the listed values each; `null` does not compare. */
  registers: record({
    mrtd: register,
    rtmr0: register,
    rtmr1: register,
    rtmr2: register,
    rtmr3: register,
    mrconfigid: register,
    mrowner: register,
    mrownerconfig: register,
  }),
})
