import {
  type BoundFacts,
  devicesHash,
  fromBase64Url,
  gpuNonce,
  type Hex,
  isAllodError,
  reportData,
  toBase64Url,
  toHex,
  utf8,
} from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { refusedChecks } from './appraisal.ts'
import { appraise } from './appraise.ts'
import { type BindingContext, bind } from './bind.ts'
import { type EvidenceBundle, encodeEvidence, parseEvidence } from './evidence.ts'
import { nvidiaVerifiers } from './nvidia/verifyNvidia.ts'
import { type ProductionPolicy, strictHardware } from './policy.ts'
import { sevSnpVerifier } from './sevsnp/verifySevSnp.ts'
import { issueCrl } from './testing/issue.ts'
import { issueOcsp } from './testing/issueOcsp.ts'
import {
  gpuFields,
  measurement,
  newDevice,
  newNvidiaAuthorities,
  signEvidence,
  switchFields,
  type TestDevice,
} from './testing/nvidiaIssuer.ts'
import { newRimSigner, rimText, signRim } from './testing/rimIssuer.ts'
import { issueVek, newAuthorities, put, signReport, vcekExtensions } from './testing/sevSnpIssuer.ts'
import { newTestKey } from './testing/testKey.ts'
import { verify } from './verify.ts'

// A machine as a keeper meets it: a SEV-SNP guest that binds two GPUs and a switch, every vendor's part under our own roots.

const NOW = 1_790_000_000
const DAY = 86_400
const dates = { thisUpdate: NOW - DAY, nextUpdate: NOW + DAY }
const bytes = (fill: number, size: number): Hex => toHex(new Uint8Array(size).fill(fill))

const milan = await newAuthorities('Milan')
const chipKey = await newTestKey('P-384')
const chip = new Uint8Array(64).fill(0x3a)
const tcb = [4, 0, 0, 0, 0, 0, 24, 219]
const vcek = await issueVek(milan.ask, vcekExtensions('Milan-B0', { 1: 4, 2: 0, 3: 24, 8: 219 }, chip), {
  key: chipKey,
})
const cpuEndorsements = [vcek.der, milan.ask.der, await issueCrl({ issuer: milan.ark, ...dates })]

const nvidia = await newNvidiaAuthorities()
const gpus = [await newDevice(nvidia, { serial: 0x41 }), await newDevice(nvidia, { serial: 0x51 })] as const
const foreign = await newDevice(nvidia, { serial: 0x61 })
// The first GPU, started under another firmware: with another attestation key.
const again = await newDevice(nvidia, { serial: 0x41, device: gpus[0].device })
const nvswitch = await newDevice(nvidia, { name: 'LS_10 A01 FSP FMC LF', style: 'none', serial: 0x71 })

const signer = await newRimSigner()
const values = (...indices: readonly number[]) =>
  indices.map((index) => ({ index, isActive: true, hashes: [toHex(measurement(index)).slice(2)] }))
const rim = (version: string, ...indices: readonly number[]) =>
  signRim(rimText({ version, measurements: values(...indices) }), signer)
const switchRim = await signRim(
  rimText({ version: '96.10.55.00.01', chip: 'LS10', edition: 'SWITCH', measurements: values(0, 1) }),
  signer,
)
const driverRim = await rim('580.95.05', 10, 11)
const vbiosRim = await rim('96.00.74.00.20', 0, 1)
const rimOcsp = await Promise.all(
  signer.chain.flatMap((certificate, i) => {
    const issuer = signer.chain[i + 1]
    return issuer === undefined ? [] : [issueOcsp({ certificate, issuer, ...dates })]
  }),
)
const authorityOcsp = [
  await issueOcsp({ certificate: nvidia.provisioner, issuer: nvidia.identity, ...dates }),
  await issueOcsp({ certificate: nvidia.identity, issuer: nvidia.root, ...dates }),
]

const nonce = { id: bytes(0x11, 32), nonce: bytes(0x22, 32) }
const facts = {
  role: 'grant',
  nonces: [nonce, { id: bytes(0x33, 32), nonce: bytes(0x44, 32) }],
  hpkeKey: bytes(0x55, 1216),
  signingAddress: bytes(0x66, 20),
  tlsSpkiHash: null,
  buildDigest: bytes(0xb1, 32),
  specHash: bytes(0x77, 32),
  chainId: '31337',
  market: bytes(0x88, 20),
  order: bytes(0x99, 32),
  generation: 1,
} as const satisfies Omit<BoundFacts, 'devicesHash'>
const asked = gpuNonce(facts.nonces, facts.hpkeKey)

type Device = EvidenceBundle['devices'][number]

async function present(device: TestDevice, answers: Hex = asked, driver = '580.95.05'): Promise<Device> {
  const isSwitch = device === nvswitch
  const fields = isSwitch ? switchFields : new Map(gpuFields).set(3, utf8(`${driver}\0`))
  const evidence = await signEvidence(device, {
    nonce: Buffer.from(answers.slice(2), 'hex'),
    fields,
    blocks: isSwitch ? 31 : 64,
  })
  const own = await issueOcsp({ certificate: device.device, issuer: nvidia.provisioner, ...dates })
  const manifests = isSwitch ? [switchRim] : [driver === '580.95.05' ? driverRim : await rim(driver, 10, 11), vbiosRim]
  const endorsements = [device.pem, ...manifests, own, ...authorityOcsp, ...rimOcsp].map(toBase64Url)
  return { kind: isSwitch ? 'nvidia-switch' : 'nvidia-gpu', evidence: toBase64Url(evidence), endorsements }
}

const hashOf = (devices: readonly Device[]): Hex => devicesHash(devices.map((d) => fromBase64Url(d.evidence)))

/** A bundle whose CPU binds `devices`. */
async function bundleOf(devices: readonly Device[]): Promise<EvidenceBundle> {
  const bound: BoundFacts = { ...facts, devicesHash: hashOf(devices) }
  const report = await signReport(3, chipKey, [
    ...[0x38, 0x180, 0x1e0, 0x1f0].map((at) => put(at, ...tcb)),
    ...[put(0x1a0, ...chip), put(0x188, 0x19, 1, 1), put(0x50, ...reportData(bound))],
  ])
  const cpu = { kind: 'sevsnp', evidence: toBase64Url(report), endorsements: cpuEndorsements.map(toBase64Url) } as const
  return { version: 1, cpu, devices, bound }
}

const verifiers = [
  sevSnpVerifier({ roots: [milan.ark.der] }),
  ...nvidiaVerifiers({ roots: [nvidia.root.der], rimRoot: signer.chain.at(-1)?.der ?? new Uint8Array() }),
]
const context: BindingContext = {
  nonce,
  nonceValidUntil: NOW + 500,
  expected: { role: 'grant', order: facts.order, chainId: facts.chainId, specHash: facts.specHash },
}
const policy: ProductionPolicy = {
  ...strictHardware,
  nvidia: { ...strictHardware.nvidia, switches: 1 },
  minimumTcb: 0,
  gpus: 2,
  minimumGpuFirmware: 580_095_005,
  machines: 'any',
  builds: [facts.buildDigest],
  measurements: new Map([[toHex(Uint8Array.from({ length: 48 }, (_, i) => i)), facts.buildDigest]]),
  configs: 'any',
}

/** What refuses, in order; the error's code where it does not come to a verdict. */
async function refusals(bundle: EvidenceBundle): Promise<readonly string[]> {
  try {
    const read = parseEvidence(encodeEvidence(bundle))
    const verified = await verify(read, { verifiers, now: NOW })
    const appraisal = appraise(await bind(verified, read.bound, context), policy)
    const refused = refusedChecks(appraisal)
    expect(appraisal.isAccepted).toBe(refused.length === 0)
    if (appraisal.isAccepted) expect(appraisal.validUntil).toBe(NOW + 500)
    return [...new Set(refused.map((c) => c.refusal))]
  } catch (error) {
    if (isAllodError(error)) return [error.code]
    throw error
  }
}

const [first, second, third] = await Promise.all([present(gpus[0]), present(gpus[1]), present(nvswitch)])
const whole = [first, second, third]
const good = await bundleOf(whole)

test('a machine with two GPUs and a switch is accepted, by a policy without any exception', async () => {
  expect(await refusals(good)).toEqual([])
})

const elsewhere = gpuNonce(facts.nonces, bytes(0x56, 1216))
const yesterday = gpuNonce([{ ...nonce, nonce: bytes(0x21, 32) }], facts.hpkeKey)

// The CPU's report stays as it was; somebody on the way changes what stands beside it.
describe('devices that the CPU did not bind', () => {
  const changed: readonly [string, () => Promise<readonly Device[]>, readonly string[]][] = [
    [
      'a GPU of another machine',
      async () => [first, await present(foreign, elsewhere), third],
      ['devices-mismatch', 'gpu-nonce-mismatch'],
    ],
    [
      'another GPU that answers the same nonce',
      async () => [first, await present(foreign), third],
      ['devices-mismatch'],
    ],
    [
      'an old answer of the same GPU',
      async () => [first, await present(gpus[1], yesterday), third],
      ['devices-mismatch', 'gpu-nonce-mismatch'],
    ],
    [
      'a fresh answer of the same GPU, signed again',
      async () => [first, await present(gpus[1]), third],
      ['devices-mismatch'],
    ],
    ['a GPU missing', async () => [first, third], ['devices-mismatch', 'gpu-count-mismatch']],
    ['the switch missing', async () => [first, second], ['switch-count-mismatch', 'devices-mismatch']],
    ['no device at all', async () => [], ['switch-count-mismatch', 'devices-mismatch', 'gpu-count-mismatch']],
    ['a GPU more', async () => [...whole, await present(foreign)], ['devices-mismatch', 'gpu-count-mismatch']],
    ['another order', async () => [second, first, third], ['devices-mismatch']],
    ['one GPU twice', async () => [first, first, third], ['devices-mismatch', 'gpu-not-distinct']],
  ]
  test.each(changed)('%s', async (_, devices, expected) => {
    expect(await refusals({ ...good, devices: await devices() })).toEqual(expected)
  })

  test('also where the facts are made to fit', async () => {
    const devices = [first, await present(foreign), third]
    const bound = { ...good.bound, devicesHash: hashOf(devices) }
    expect(await refusals({ ...good, devices, bound })).toEqual(['report-data-mismatch'])
  })
})

// The machine itself binds them: its image is another than the measured one, or somebody relays to it.
describe('devices that the CPU bound all the same', () => {
  const bound: readonly [string, () => Promise<readonly Device[]>, readonly string[]][] = [
    [
      'a GPU that answered somebody else',
      async () => [first, await present(foreign, elsewhere), third],
      ['gpu-nonce-mismatch'],
    ],
    ['an old answer', async () => [first, await present(gpus[1], yesterday), third], ['gpu-nonce-mismatch']],
    ['too few', async () => [first, third], ['gpu-count-mismatch']],
    ['too many', async () => [...whole, await present(foreign)], ['gpu-count-mismatch']],
    ['one twice', async () => [first, first, third], ['gpu-not-distinct']],
    ['one under two attestation keys', async () => [first, await present(again), third], ['gpu-not-distinct']],
    ['one twice, asked twice', async () => [first, await present(gpus[0]), third], ['gpu-not-distinct']],
    ['a switch twice', async () => [...whole, third], ['switch-count-mismatch', 'gpu-not-distinct']],
    ['no switch', async () => [first, second], ['switch-count-mismatch']],
    ['two drivers', async () => [first, await present(gpus[1], asked, '590.12'), third], ['driver-versions-differ']],
    [
      'an older driver',
      async () => [await present(gpus[0], asked, '580.82.07'), await present(gpus[1], asked, '580.82.07'), third],
      ['gpu-firmware-too-old'],
    ],
    [
      'a switch presented as a GPU',
      async () => [first, { ...third, kind: 'nvidia-gpu' }, third],
      ['nvidia/wrong-device'],
    ],
    [
      'the chain of another GPU',
      async () => [first, { ...second, endorsements: first.endorsements }, third],
      ['nvidia/bad-signature'],
    ],
  ]
  test.each(bound)('%s', async (_, devices, expected) => {
    expect(await refusals(await bundleOf(await devices()))).toEqual(expected)
  })
})

describe('the CPU’s part', () => {
  test('a report of yesterday beside devices of today', async () => {
    const old = { ...facts, nonces: [{ ...nonce, nonce: bytes(0x21, 32) }] }
    const bound = { ...old, devicesHash: hashOf(whole) }
    const report = await signReport(3, chipKey, [
      ...[0x38, 0x180, 0x1e0, 0x1f0].map((at) => put(at, ...tcb)),
      ...[put(0x1a0, ...chip), put(0x188, 0x19, 1, 1), put(0x50, ...reportData(bound))],
    ])
    const cpu = { ...good.cpu, evidence: toBase64Url(report) }
    expect(await refusals({ ...good, cpu })).toEqual(['report-data-mismatch'])
    // With the facts that it did bind, it answers neither this verifier's nonce nor the one the devices were asked.
    expect(await refusals({ ...good, cpu, bound })).toEqual(['nonce-mismatch', 'gpu-nonce-mismatch'])
  })

  test('another key to encrypt to', async () => {
    const bound = { ...good.bound, hpkeKey: bytes(0x56, 1216) }
    expect(await refusals({ ...good, bound })).toEqual(['report-data-mismatch', 'gpu-nonce-mismatch'])
  })
})
