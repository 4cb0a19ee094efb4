import { errorsOf } from '@allod/protocol'

/** Why a token of NVIDIA's attestation service is refused. */
export const fail = errorsOf('nras', {
  'bad-token': [
    'a token is no detached EAT of NVIDIA’s attestation service',
    'pass the service’s answer as it came: [["JWT", "…"], {"GPU-0": "…"}]',
  ],
  'algorithm-not-allowed': [
    'a token is not signed with ES384',
    'refuse it: what a local verifier writes with "none" is signed by nobody',
  ],
  'bad-keys': ['a key set is no JWKS of NVIDIA’s attestation service', 'fetch /.well-known/jwks.json again'],
  'key-unknown': [
    'no key of the key set signed the token',
    'use the key set of the token’s own day: keys live 48 hours',
  ],
  'bad-key-chain': [
    'a key of the key set does not lead to NVIDIA’s pinned certificate',
    'fetch the key set again; if NVIDIA has changed the authority, update this software',
  ],
  'bad-signature': ['a token’s signature does not verify', 'refuse it'],
  'issuer-mismatch': ['a token is not by NVIDIA’s production service', 'ask nras.attestation.nvidia.com'],
  'not-yet-valid': ['a token is not valid yet', 'check the clock, and the time the token is judged at'],
  expired: ['a token has expired', 'ask the service again, or judge as of the time of the token'],
  'nonces-differ': [
    'the tokens of one answer carry different nonces',
    'refuse: an answer was put together from several',
  ],
  'devices-differ': [
    'the devices’ tokens are not those that the overall token names',
    'refuse: one was left out or added',
  ],
  'digest-mismatch': ['a device’s token is not the one that the overall token names', 'refuse: it was exchanged'],
})
