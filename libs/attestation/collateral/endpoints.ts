import { record, type Shaped, text } from '@allod/protocol'

const url = text(2048, /^https?:\/\/[^\s]+[^/\s]$/)

/** Where collateral is asked for: the makers’ own services, or caches in their place that answer alike. No trailing slash. */
export const endpointsShape = record({
  /** Intel’s provisioning certification service, or a PCCS. */
  intelPcs: url,
  /** The root’s revocation list. */
  intelRootCrl: url,
  /** AMD’s key distribution service. */
  amdKds: url,
  nvidiaRim: url,
  nvidiaOcsp: url,
})

export type Endpoints = Shaped<typeof endpointsShape>

/** The makers’ own. */
export const makersEndpoints: Endpoints = {
  intelPcs: 'https://api.trustedservices.intel.com',
  intelRootCrl: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
  amdKds: 'https://kdsintf.amd.com',
  nvidiaRim: 'https://rim.attestation.nvidia.com',
  nvidiaOcsp: 'https://ocsp.ndis.nvidia.com',
}
