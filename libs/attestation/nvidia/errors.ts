import { errorsOf } from '@allod/protocol'

/** Errors of NVIDIA device evidence. */
export const fail = errorsOf('nvidia', {
  'bad-evidence': [
    'device evidence is not an SPDM 1.1 measurements request and its response',
    'collect it again; evidence is the request and the response, nothing more',
  ],
  'trailing-bytes': ['bytes follow the signature of device evidence', 'remove what was appended, or collect it again'],
  'bad-measurements': [
    'the measurement blocks are not a gapless list of SHA-384 values',
    'refuse this evidence: no firmware reports such blocks',
  ],
  'bad-opaque': ['the opaque data of device evidence is malformed', 'refuse this evidence, or use a newer release'],
  'bad-chain': [
    'the certificate chain is not five certificates up to NVIDIA’s device root',
    'bring the whole chain as the device reports it, leaf first',
  ],
  'wrong-device': [
    'the certificate is of another sort of device than the evidence is presented as',
    'present a GPU as a GPU and a switch as a switch',
  ],
  'fwid-mismatch': [
    'the firmware id in the evidence is not the one that the key was certified for',
    'refuse this device: another firmware answered',
  ],
  'bad-signature': ['device evidence is not signed by the key of its chain', 'refuse this evidence'],
  'bad-endorsement': [
    'an endorsement of a device is missing, unknown, or there are two of one sort',
    'bring one PEM chain, one driver and one VBIOS manifest, and OCSP responses; nothing else',
  ],
  'reference-mismatch': [
    'a reference manifest is of another version or chip than the device reports',
    'fetch the manifest of exactly this driver and VBIOS version',
  ],
  'reference-conflict': [
    'the reference manifests claim one measurement both, or one that the device does not have',
    'fetch both manifests again',
  ],
})
