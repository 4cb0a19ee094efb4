/**
 * NVIDIA Device Identity CA, P-384, 2021-11-05 to 9999-12-31: the root of GPUs since Hopper and of NVSwitches, which every
 * chain of a device ends with. SHA-256 of its DER; from NVIDIA/nvtrust,
 * guest_tools/gpu_verifiers/local_gpu_verifier/src/verifier/certs/verifier_device_root.pem, the same in the switch verifier.
 */
export const nvidiaDeviceRoot = '0x102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48'
