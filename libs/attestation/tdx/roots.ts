/**
 * Intel SGX Root CA, the root of every TDX quote, which every quote carries; valid to the end of 2049. SHA-256 of its DER.
 * Source: https://certificates.trustedservices.intel.com/Intel_SGX_Provisioning_Certification_RootCA.cer
 */
export const intelSgxRoot = '0x44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3'
