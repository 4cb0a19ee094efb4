/**
 * NVIDIA CoRIM signing Root CA, P-384, 2023-03-16 to 2053-03-08: who signs the signers of reference manifests, each of which
 * carries it. SHA-256 of its DER; from NVIDIA/nvtrust,
 * guest_tools/gpu_verifiers/local_gpu_verifier/src/verifier/certs/verifier_RIM_root.pem, the same in NVIDIA/attestation-sdk.
 */
export const rimRoot = '0x12977b5115acb0381179279fffeb5a8c4d264971ebb32298023a465fa41df5d1'
