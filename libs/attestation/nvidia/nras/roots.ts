/**
 * NVIDIA Attestation Service GPU Intermediate 004, RSA-2048, 2025-12-08 to 2029-12-08, under NVIDIA Attestation Service CA 001:
 * who certifies, for two days each, the keys that sign tokens. SHA-256 of the certificate
 * 2df8907cf4d6c277b855d407ec178a649930a8e73f7294e8fce66e6ee27c5175; the second certificate of each key in
 * https://nras.attestation.nvidia.com/.well-known/jwks.json, here from confidential-dot-ai/attestation-rs,
 * crates/attestation/test_data/nvidia_gpu/nras_gpu_x5c_chain.json. The service does not send the CA's own certificate.
 */
export const nrasRoot: Uint8Array = Uint8Array.from(
  atob(
    'MIIDjjCCAxWgAwIBAgIUX+djej7sXIvcZ8Ym8KJF8WsI3UMwCgYIKoZIzj0EAwMwVjELMAkGA1UEBhMCVVMxGzAZBgNVBAoMEk5W' +
      'SURJQSBDb3Jwb3JhdGlvbjEqMCgGA1UEAwwhTlZJRElBIEF0dGVzdGF0aW9uIFNlcnZpY2UgQ0EgMDAxMB4XDTI1MTIwODAwMDAw' +
      'MFoXDTI5MTIwODAwMDAwMFowZDE4MDYGA1UEAwwvTlZJRElBIEF0dGVzdGF0aW9uIFNlcnZpY2UgR1BVIEludGVybWVkaWF0ZSAw' +
      'MDQxGzAZBgNVBAoMEk5WSURJQSBDb3Jwb3JhdGlvbjELMAkGA1UEBhMCVVMwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIB' +
      'AQDCmOUQzlKU+iKzdXwJZBpjIwkO2ZhrbeevIScmqL6QdkZMdj9FKxFResOdPoJA0IxMDwYFMy87MIJYV/hRAo9ut6q0OZiZwPFS' +
      'fxqN+ZcDyFMkYEnHvMgFaSuYxMiNWm9WcOcOih8FdX0s8qmkHq+NM48l8R7VNhX0HB2IZ2mxp4nH/dxpFcbpRavaECEvLqbUSvSN' +
      'Amg+xNCCVsihKPF/rksGZK1wky6E8HcydYxydK2MP95dc5Ovqq80COxCPgsjgUN/JT9Gr9iNXaof9W2ZKqasCjADRfITS7N9SQsp' +
      '7Jv6UudT5tFbFKp7gCKwpjjUgQEUo3JkWTHiBuRrBZWFAgMBAAGjgecwgeQwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMC' +
      'AQYwSAYDVR0fBEEwPzA9oDugOYY3aHR0cDovL2NybC5uZGlzLm52aWRpYS5jb20vY3JsLW5yYXMvbnYtbnJhcy1sMS1yb290LmNy' +
      'bDA3BggrBgEFBQcBAQQrMCkwJwYIKwYBBQUHMAGGG2h0dHA6Ly9vY3NwLm5kaXMubnZpZGlhLmNvbTAdBgNVHQ4EFgQU+qgA049N' +
      'pzpcZ2zfUTukavKMrt0wHwYDVR0jBBgwFoAUvgpv7XnCSKqKNwsm9oU3MWxyBL8wCgYIKoZIzj0EAwMDZwAwZAIwEaF8qbwlAoAW' +
      'Nm7WNnqdECSs9uQxqQkl1eQLKJIVEC+XsHTL2SGBrbUGlLX89zf/AjAL0Xav/uW7dMhqSqqE86RiojGbZR5jRNtWAJIw/YH9yBAJ' +
      '5ktCAqSSfrJ4qjzf48U=',
  ),
  (character) => character.charCodeAt(0),
)
