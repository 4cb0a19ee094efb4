import { toHex, utf8 } from '@allod/protocol'
import { signEvidence, switchFields } from '../testing/nvidiaIssuer.ts'
import { newRimSigner } from '../testing/rimIssuer.ts'
import {
  gpu,
  fieldsWith,
  withFields,
  ofSwitch,
  OTHER,
  value,
  active,
  rim,
  vbiosRim,
  blobs,
  named,
  type Case,
  add,
  brings,
  says,
  asSwitch,
  zero,
} from './nvidiaWorld.ts'

/** Adds manifests that do not fit, and measurements that do not. */
export async function addReferences(): Promise<void> {
  add('nvidia/reference-mismatch', 'a manifest of another driver', brings('gpu chain', await rim({ version: '570.124.03' })))
  add('nvidia/reference-mismatch', 'a manifest of another VBIOS', brings('gpu chain', await vbiosRim({ version: '96.00.74.00.1F' })))
  add('nvidia/reference-mismatch', 'a manifest of another chip', brings('gpu chain', await rim({ chip: 'GB100' })))
  add('nvidia/reference-mismatch', 'a manifest of another chip than the device names', {
    evidence: await withFields([35, zero('GB200')]),
    endorsements: ['gpu chain', 'driver'],
  })
  add('nvidia/reference-mismatch', 'a manifest of a driver for a switch', { ...asSwitch, endorsements: ['switch chain', 'driver'] })
  add('nvidia/reference-conflict', 'one index in both manifests', brings(
    ...['gpu chain', 'vbios'],
    await rim({ measurements: active(2, 10) }),
  ))
  add('nvidia/reference-conflict', 'an index past the measurements', brings('gpu chain', await rim({ measurements: active(64) })))
  const differs = says(await signEvidence(gpu, { measurements: new Map([[11, new Uint8Array(48)]]) }))
  add('attestation/device-measurement-mismatch', 'another driver than was signed', { ...differs, ...brings('gpu chain', 'driver') })
  add('attestation/device-measurement-mismatch', 'another VBIOS than was signed', brings(
    'gpu chain',
    await vbiosRim({ measurements: [{ index: 0, isActive: true, hashes: [OTHER] }] }),
  ))
  add('attestation/device-measurement-mismatch', 'another state of video decoder 0 where it is on', {
    evidence: await withFields([11, Uint8Array.of(0xaa)]),
    endorsements: ['gpu chain', await rim({ measurements: [{ index: 35, isActive: true, hashes: [OTHER] }] })],
  })
  add('rim/digest-mismatch', 'a manifest that was changed', brings(
    'gpu chain',
    utf8(new TextDecoder().decode(blobs.driver).replace(value(10), OTHER)),
  ))
  add('rim/bad-chain', 'a manifest by a stranger', brings('gpu chain', await rim({}, await newRimSigner())))

}

/** Adds what a policy refuses. */
export async function addAppraisals(): Promise<void> {
  const refuse = (refusal: string, name: string, policy: object, more: Case = {}) =>
    add(`attestation/${refusal}`, name, { ...more, policy: { ...named, ...policy } })
  refuse('product-not-allowed', 'a chip the policy does not name', { nvidia: { chips: ['GB100'] } })
  refuse('driver-too-old', 'a driver older than the policy accepts', { nvidia: { minimumDriver: '580.95.06' } })
  refuse('driver-too-old', 'a driver older by one part', { nvidia: { minimumDriver: '580.95.06' } })
  refuse('gpu-firmware-too-old', 'a VBIOS the policy does not name', { nvidia: { vbios: ['96.00.9F.00.01'] } })
  refuse('gpu-count-mismatch', 'one GPU where eight are wanted', { gpus: 8 })
  refuse('switch-count-mismatch', 'no switch where four are wanted', { nvidia: { switches: 4 } })
  refuse('gpu-not-confidential', 'a mode that is not known', {}, says(await withFields([36, Uint8Array.of(3, 0)])))
  refuse('gpu-not-confidential', 'a switch that is not locked', {}, {
    ...asSwitch,
    evidence: await ofSwitch(fieldsWith([[25, new Uint8Array(2)]], switchFields)),
  })
  refuse('gpu-nonce-mismatch', 'an answer to another nonce', {}, { expected: { nonce: toHex(new Uint8Array(32)) } })

}
