import { errorsOf } from '@allod/protocol'

/** Why a reference integrity manifest is refused. */
export const fail = errorsOf('rim', {
  'too-large': ['a manifest is larger than any of its kind', 'fetch it again from NVIDIA’s RIM service'],
  'bad-xml': [
    'a manifest is not XML of the plain kind that NVIDIA writes',
    'fetch it again, byte for byte; an editor or a formatter may have changed it',
  ],
  'profile-not-supported': [
    'a manifest is not signed in NVIDIA’s one way',
    'fetch it again; if NVIDIA has changed the way, update this software',
  ],
  'bad-chain': ['a manifest’s signer does not lead to NVIDIA’s pinned root', 'refuse it; fetch it from NVIDIA'],
  'not-yet-valid': ['a manifest’s signer is not valid yet', 'check the clock, or use an older manifest'],
  'digest-mismatch': ['a manifest was changed after it was signed', 'refuse it; fetch it from NVIDIA'],
  'bad-signature': ['a manifest’s signature does not verify', 'refuse it; fetch it from NVIDIA'],
  'bad-manifest': [
    'a signed manifest does not say what a manifest of measurements says',
    'fetch the manifest of this driver or VBIOS; if NVIDIA has changed the format, update this software',
  ],
})
