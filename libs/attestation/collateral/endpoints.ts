/** Where makers publish collateral. Any mirror will do: everything fetched is signed. */
export type Endpoints = {
  /** Intel Provisioning Certification Service, API version 4. */
  readonly intelPcs: string
  /** Where Intel publishes the CRL of its root. */
  readonly intelRootCrl: string
  /** AMD Key Distribution Service. */
  readonly amdKds: string
  readonly nvidiaRim: string
  readonly nvidiaOcsp: string
}

export const ENDPOINTS: Endpoints = {
  intelPcs: 'https://api.trustedservices.intel.com',
  intelRootCrl: 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
  amdKds: 'https://kdsintf.amd.com',
  nvidiaRim: 'https://rim.attestation.nvidia.com',
  nvidiaOcsp: 'https://ocsp.ndis.nvidia.com',
}
