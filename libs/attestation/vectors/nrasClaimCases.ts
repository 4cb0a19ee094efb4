// The cases of nras.json about what tokens claim; makeNras.ts has those about tokens, and runs both.
import type { VectorCase } from '../testing/runVectors.ts'
import { type Answer, chain, type Claims, gpu, gpu2, nvswitch } from '../testing/nrasSamples.ts'

const optional = /schema-validated$/
const claims = 'attestation/token-claims-refused'
const two = { 'GPU-0': gpu, 'GPU-1': { ...gpu, ueid: '2' } }
const without = (of: Claims, name: string): Claims =>
  Object.fromEntries(Object.entries(of).filter(([claim]) => claim !== name))
const trueOf = (of: Claims, pattern: RegExp): string[] =>
  Object.keys(of).filter((name) => pattern.test(name) && of[name] === true && !optional.test(name))

type Answers = (answer?: Answer) => Promise<Uint8Array>
type Add = (expect: string, name: string, eat: Uint8Array, more?: Partial<VectorCase>) => void

/** Each claim said otherwise, not said, or not found out; and what a policy demands of claims. */
export async function addClaimCases(add: Add, answer: Answers): Promise<void> {
  await addOverallCases(add, answer)
  await addDeviceCases(add, answer)
  await addPolicyCases(add, answer)
}

async function addOverallCases(add: Add, answer: Answers): Promise<void> {
  add(claims, 'a verdict of failure', await answer({ overall: { 'x-nvidia-overall-att-result': false } }))
  add(claims, 'no verdict', await answer({ overall: { 'x-nvidia-overall-att-result': undefined } }))
  add(claims, 'a verdict in text', await answer({ overall: { 'x-nvidia-overall-att-result': 'true' } }))
  add(claims, 'claims of a version to come', await answer({ overall: { 'x-nvidia-ver': '9.0' } }))
  add(claims, 'claims of version 2.0 that are of 3.0', await answer({ overall: { 'x-nvidia-ver': '2.0' } }))
  add(claims, 'claims of version 3.0 that are of 2.0', await answer({ devices: { 'GPU-0': gpu2 } }))
}

async function addDeviceCases(add: Add, answer: Answers): Promise<void> {
  for (const [name, value] of [
    ['measres', 'fail'],
    ['dbgstat', 'enabled'],
    ['secboot', false],
    ['secboot', 'true-ish'],
  ] as const)
    add(claims, `${name} ${value}`, await answer({ devices: { 'GPU-0': { ...gpu, [name]: value } } }))
  for (const name of trueOf(gpu, /^x-nvidia-gpu-/)) {
    add(claims, `${name} is not said`, await answer({ devices: { 'GPU-0': without(gpu, name) } }))
  }
  for (const name of ['gpu-attestation-report', 'gpu-driver-rim', 'gpu-vbios-rim']) {
    const bad = (what: object) => ({
      ...gpu,
      [`x-nvidia-${name}-cert-chain`]: { ...(chain(name)[`x-nvidia-${name}-cert-chain`] as object), ...what },
    })
    add(
      claims,
      `${name} certificates expired`,
      await answer({ devices: { 'GPU-0': bad({ 'x-nvidia-cert-status': 'expired' }) } }),
    )
    add(
      claims,
      `${name} certificates revoked`,
      await answer({ devices: { 'GPU-0': bad({ 'x-nvidia-cert-ocsp-status': 'revoked' }) } }),
    )
  }
  for (const name of trueOf(nvswitch, /^x-nvidia-switch-/))
    add(claims, `${name} is null`, await answer({ devices: { 'SWITCH-0': { ...nvswitch, [name]: null } } }))
  for (const name of trueOf(gpu2, /cert(-chain)?-validated$/))
    add(
      claims,
      `${name} is false, version 2.0`,
      await answer({ devices: { 'GPU-0': { ...gpu2, [name]: false } }, overall: { 'x-nvidia-ver': '2.0' } }),
    )
  for (const [name, more] of [
    ['a schema that was not met', { 'x-nvidia-gpu-driver-rim-schema-validated': false }],
    ['a warning', { 'x-nvidia-attestation-warning': 'deprecated firmware' }],
    ['a measurement that differs', { 'x-nvidia-mismatch-measurement-records': [{ index: 9 }] }],
    ['a false of a claim to come', { 'x-nvidia-gpu-future-check': false }],
  ] as const)
    add(claims, name, await answer({ devices: { 'GPU-0': { ...gpu, ...more } } }))
  add(
    claims,
    'the second of two devices',
    await answer({ devices: { ...two, 'GPU-1': { ...two['GPU-1'], measres: 'fail' } } }),
  )
}

async function addPolicyCases(add: Add, answer: Answers): Promise<void> {
  const good = await answer()
  add('attestation/gpu-nonce-mismatch', 'an answer to somebody else', good, {
    expected: { nonce: `0x${'00'.repeat(32)}` },
  })
  add('attestation/gpu-count-mismatch', 'fewer GPUs than the policy wants', good, { policy: { gpus: 2 } })
  add('attestation/switch-count-mismatch', 'fewer switches than the policy wants', good, {
    policy: { nvidia: { switches: 4 } },
  })
  add('attestation/gpu-not-distinct', 'one GPU twice', await answer({ devices: { 'GPU-0': gpu, 'GPU-1': gpu } }))
  add(
    'attestation/gpu-not-distinct',
    'a GPU without an id',
    await answer({ devices: { 'GPU-0': gpu, 'GPU-1': without(gpu, 'ueid'), 'GPU-2': without(gpu, 'ueid') } }),
  )
  add('attestation/gpu-not-distinct', 'no id at all', await answer({ devices: { 'GPU-0': without(gpu, 'ueid') } }))
  add(
    'attestation/driver-versions-differ',
    'two drivers',
    await answer({ devices: { ...two, 'GPU-1': { ...two['GPU-1'], 'x-nvidia-gpu-driver-version': '580.95.04' } } }),
  )
  add('attestation/driver-too-old', 'an older driver than the policy accepts', good, {
    policy: { nvidia: { minimumDriver: '580.95.06' } },
  })
  add(
    'attestation/driver-too-old',
    'a driver that is not found out',
    await answer({ devices: { 'GPU-0': { ...gpu, 'x-nvidia-gpu-driver-version': null } } }),
    { policy: { nvidia: { minimumDriver: '1.0' } } },
  )
  add(
    'attestation/driver-too-old',
    'a driver that is not said',
    await answer({ devices: { 'GPU-0': without(gpu, 'x-nvidia-gpu-driver-version') } }),
    { policy: { nvidia: { minimumDriver: '1.0' } } },
  )
  add('attestation/product-not-allowed', 'another chip', good, { policy: { nvidia: { chips: ['GB100'] } } })
  add('attestation/gpu-firmware-too-old', 'another VBIOS', good, { policy: { nvidia: { vbios: ['96.00.D9.00.0D'] } } })
}
