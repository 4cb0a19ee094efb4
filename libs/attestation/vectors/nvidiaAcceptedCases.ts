import { signEvidence } from '../testing/nvidiaIssuer.ts'
import {
  NOW,
  DAY,
  NONCE,
  gpu,
  blackwell,
  fieldsWith,
  zero,
  old,
  withFields,
  signer,
  OTHER,
  rim,
  vbiosRim,
  deviceOcsp,
  everything,
  add,
  strict,
  brings,
  says,
  asSwitch,
  rimBy,
} from './nvidiaWorld.ts'

/** Adds what is accepted, and what stays unknown. */
export async function addAccepted(): Promise<void> {
  add('accepted', 'a GPU with everything, under the default policy', { ...brings(...everything), ...strict })
  add('accepted', 'everything in another order, and twice', { ...brings(...everything.toReversed(), ...everything), ...strict })
  add('accepted', 'a GPU alone, where the policy names both exceptions', { expected: { nonce: NONCE } })
  add('accepted', 'Blackwell, its firmware id in DiceTcbInfo', {
    evidence: await signEvidence(blackwell, { fields: fieldsWith([[3, zero('575.32')], [34, null], [36, null]]) }),
    endorsements: [blackwell.pem],
  })
  add('accepted', 'old firmware that reports neither firmware id nor mode', says(await signEvidence(gpu, { fields: old })))
  add('accepted', 'a switch', asSwitch)
  add('accepted', 'a switch with its manifest', {
    ...asSwitch,
    endorsements: ['switch chain', await vbiosRim({ version: '96.10.55.00.01', chip: 'LS10', edition: 'SWITCH' })],
    policy: { exceptions: ['revocation-unknown'] },
  })
  add('accepted', 'a value of video decoder 0 where it is off', {
    endorsements: ['gpu chain', await rim({ measurements: [{ index: 35, isActive: true, hashes: [OTHER] }] })],
  })
  add('accepted', 'all that a policy can name', {
    ...brings(...everything),
    policy: { gpus: 1, nvidia: { chips: ['GH100'], minimumDriver: '580.95.5', vbios: ['96.00.74.00.20'], switches: 0 } },
    expected: { nonce: NONCE },
  })
  add('accepted', 'a chip that reports its own name, and the manifest of that name', {
    evidence: await withFields([35, zero('GB200')]),
    endorsements: ['gpu chain', await rim({ chip: 'GB200' })],
  })
  add('accepted', 'protected PCIe', says(await withFields([36, Uint8Array.of(2, 0)], [21, Uint8Array.of(0xaa)])))

  // What stays unknown.
  add('attestation/revocation-unknown', 'no OCSP response', { ...brings('gpu chain', 'driver', 'vbios'), ...strict })
  add('attestation/revocation-unknown', 'one OCSP response missing', {
    ...brings(...everything.filter((name) => name !== 'ocsp provisioner')),
    ...strict,
  })
  add('attestation/revocation-unknown', 'one of a manifest’s signers missing', {
    ...brings(...everything.filter((name) => name !== 'ocsp rim l3')),
    ...strict,
  })
  add('attestation/reference-values-unknown', 'no manifest', { ...brings('gpu chain', ...deviceOcsp), ...strict })
  add('attestation/reference-values-unknown', 'no manifest of the driver', {
    ...brings(...everything.filter((name) => name !== 'driver')),
    ...strict,
  })
  add('attestation/reference-values-unknown', 'no manifest of the VBIOS', {
    ...brings(...everything.filter((name) => name !== 'vbios')),
    ...strict,
  })
  // Judged after the manifests' signers have expired: devices' certificates never do.
  add('attestation/reference-signer-expired', 'manifests whose signer has expired', {
    ...brings('gpu chain', await rimBy(signer, NOW - DAY), 'vbios'),
  })
  add('accepted', 'the same, where the policy names that exception', {
    ...brings('gpu chain', await rimBy(signer, NOW - DAY), 'vbios'),
    policy: { exceptions: ['revocation-unknown', 'reference-signer-expired'] },
  })

}
