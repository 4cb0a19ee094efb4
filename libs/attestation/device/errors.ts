import { errorsOf } from '@allod/protocol'

/** Refusals of the report device, by hardware or simulated. */
export const fail = errorsOf('attestation', {
  'report-device-missing': [
    'this machine has no report device',
    'run inside a confidential virtual machine whose kernel has configfs-tsm (Linux 6.7 or newer)',
  ],
  'report-device-busy': ['the report device stays busy', 'wait until other reports are made, then launch again'],
  'report-device-failed': [
    'the report device fails',
    'read the kernel’s log: of a trust domain the host’s quoting service may not answer',
  ],
  'report-provider-unknown': [
    'the report device is of a make that is not known',
    'expected tdx_guest or sev_guest; use a release that knows it',
  ],
  'report-race': ['a report entry was written by somebody else', 'nothing was used; launch again if it repeats'],
  'report-mismatch': [
    'a report does not carry the data it was asked for',
    'refuse this machine: its device answers for others',
  ],
  'register-mismatch': ['a measurement register did not take what was measured', 'refuse this machine'],
  'collector-failed': [
    'the collector of GPU evidence failed',
    'install the nvattest program in the image, and check that the GPU is in confidential mode',
  ],
})
