import { integer, list, nullable, oneOf, record, text } from '@allod/protocol'

/** What a policy demands of NVIDIA devices. */
export const nvidiaPolicyShape = record({
  chips: nullable(list(text(16, /^[A-Z0-9]+$/), 16, 1)),
  /** Lowest driver, as 580.95.05; `null` compares none. */
  minimumDriver: nullable(text(11, /^[0-9]{1,3}(\.[0-9]{1,3}){1,2}$/)),
  vbios: nullable(list(text(32), 64, 1)),
  /** Exact number of switches, or any. */
  switches: nullable(integer(0, 64)),
  /** Whether a certificate that its issuer put on hold is accepted. */
  onHold: oneOf('refused', 'allowed'),
})
