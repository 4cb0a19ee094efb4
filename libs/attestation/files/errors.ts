import { errorsOf } from '@allod/protocol'

/** Refusals of files as vendors write them; what is inside is judged by verifiers. */
export const fail = errorsOf('file', {
  'too-large': ['a file is larger than any evidence or collateral', 'check that it is the file you meant'],
  'unknown-evidence': [
    'a file is no evidence of a form that is read',
    'bring what the device, its driver or its cloud wrote: binary, hex, base64, or the JSON of a collector',
  ],
  'other-kind': ['a file is evidence of another kind than was said', 'leave out --kind, or bring the file you meant'],
  'unsupported-evidence': [
    'a file is evidence of a kind that this release does not verify',
    'kinds are tdx, sevsnp, nvidia-gpu, nvidia-switch and nras',
  ],
  'unknown-collateral': [
    'a file is no collateral of a form that is read',
    'bring certificates, revocation lists, TCB information, QE identity, reference manifests or event logs, as their makers publish them',
  ],
})
