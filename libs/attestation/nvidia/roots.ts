/**
 * NVIDIA Device Identity CA, P-384, 2021-11-05 to 9999-12-31: the root of GPUs since Hopper and of NVSwitches. SHA-256 of the
 * certificate 102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48; from NVIDIA/nvtrust,
 * guest_tools/gpu_verifiers/local_gpu_verifier/src/verifier/certs/verifier_device_root.pem, the same in the switch verifier.
 */
export const nvidiaDeviceRoot: Uint8Array = Uint8Array.from(
  atob(
    'MIICCzCCAZCgAwIBAgIQLTZwscoQBBHB/sDoKgZbVDAKBggqhkjOPQQDAzA1MSIwIAYDVQQDDBlOVklESUEgRGV2aWNlIElkZW50aXR5' +
      'IENBMQ8wDQYDVQQKDAZOVklESUEwIBcNMjExMTA1MDAwMDAwWhgPOTk5OTEyMzEyMzU5NTlaMDUxIjAgBgNVBAMMGU5WSURJQSBEZXZp' +
      'Y2UgSWRlbnRpdHkgQ0ExDzANBgNVBAoMBk5WSURJQTB2MBAGByqGSM49AgEGBSuBBAAiA2IABA5MFKM7+KViZljbQSlgfky/RRnEQScW' +
      '9NDZF8SXgAW96r6u/Ve8ZggtcYpPi2BS4VFu6KfEIrhN6FcHG7WP05W+oM+hxj7nyA1r1jkB2Ry70YfThX3Ba1zOryOP+MJ9vaNjMGEw' +
      'DwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFFeF/4PyY8xlfWi3Olv0jUrL+0lfMB8GA1UdIwQYMBaAFFeF' +
      '/4PyY8xlfWi3Olv0jUrL+0lfMAoGCCqGSM49BAMDA2kAMGYCMQCPeFM3TASsKQVaT+8S0sO9u97PVGCpE9d/I42IT7k3UUOLSR/qvJyn' +
      'VOD1vQKVXf0CMQC+EY55WYoDBvs2wPAH1Gw4LbcwUN8QCff8bFmV4ZxjCRr4WXTLFHBKjbfneGSBWwA=',
  ),
  (character) => character.charCodeAt(0),
)
