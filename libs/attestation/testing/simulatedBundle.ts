import {
  type BoundFacts,
  devicesHash,
  fromHex,
  gpuNonce,
  type Hex,
  reportData,
  toBase64Url,
  toHex,
} from '@allod/protocol'
import type { BindingContext } from '../bind.ts'
import type { EvidenceBundle } from '../evidence.ts'
import type { SimulatedPolicy } from '../simulated/appraiseSimulated.ts'
import { type EndorsementBody, endorse } from '../simulated/endorsement.ts'
import { type SimulatedGpuReport, signGpuReport } from '../simulated/gpuReport.ts'
import {
  simulatedMachine,
  simulatedMeasurement,
  simulatedMeasurements,
  simulatedRoot,
} from '../simulated/measurement.ts'
import { type SimulatedReport, signReport } from '../simulated/report.ts'
import { newSimulatedSecret, type SimulatedKey, simulatedKey } from '../simulated/simulatedKey.ts'

export const NOW = 1_800_000_000

const bytes = (fill: number, size: number): Hex => toHex(new Uint8Array(size).fill(fill))
const newKey = async () => simulatedKey(await newSimulatedSecret())

export const root = await newKey()
export const chip = await newKey()
export const gpu = await newKey()
export const rootId = simulatedRoot(root.publicKey)
export const chipId = bytes(0xc1, 32)
export const deviceId = bytes(0xd1, 32)
export const build = bytes(0xb1, 32)
export const nonce = { id: bytes(0x11, 32), nonce: bytes(0x22, 32) }

const facts = {
  role: 'grant',
  nonces: [nonce, { id: bytes(0x33, 32), nonce: bytes(0x44, 32) }],
  hpkeKey: bytes(0x55, 1216),
  signingAddress: bytes(0x66, 20),
  tlsSpkiHash: null,
  buildDigest: build,
  specHash: bytes(0x77, 32),
  chainId: '31337',
  market: bytes(0x88, 20),
  order: bytes(0x99, 32),
  generation: 1,
} as const satisfies Omit<BoundFacts, 'devicesHash'>

/** What to change in a good bundle before it is signed. */
export type Changes = {
  readonly facts?: Partial<BoundFacts>
  readonly report?: Partial<SimulatedReport>
  readonly endorsement?: Partial<EndorsementBody>
  readonly gpu?: Partial<SimulatedGpuReport>
  readonly gpus?: number
  readonly root?: SimulatedKey
}

/** A bundle as the simulated chip and one GPU make it, signed after the changes. */
export async function simulatedBundle(changes: Changes = {}): Promise<EvidenceBundle> {
  const signer = changes.root ?? root
  const wanted = { ...facts, ...changes.facts }
  const asked = gpuNonce(wanted.nonces, wanted.hpkeKey)
  const device = {
    kind: 'simulated-gpu',
    evidence: toBase64Url(
      await signGpuReport(gpu, {
        isDebug: false,
        isConfidential: true,
        firmware: 3,
        deviceId,
        nonce: asked,
        ...changes.gpu,
      }),
    ),
    endorsements: [
      toBase64Url(
        await endorse(signer, {
          subject: 'simulated-gpu',
          id: changes.gpu?.deviceId ?? deviceId,
          key: gpu.publicKey,
          level: changes.gpu?.firmware ?? 3,
          notBefore: NOW - 100,
          notAfter: NOW + 2000,
        }),
      ),
    ],
  } as const
  const devices = Array.from({ length: changes.gpus ?? 1 }, () => device)
  const bound: BoundFacts = {
    devicesHash: devicesHash(devices.map((d) => Buffer.from(d.evidence, 'base64url'))),
    ...wanted,
  }
  const report = await signReport(chip, {
    isDebug: false,
    isIsolated: true,
    tcb: 7,
    generation: 1n,
    chipId,
    launchId: bytes(0xaa, 16),
    measurement: simulatedMeasurement(build),
    configHash: bytes(0xbb, 32),
    reportData: toHex(reportData(bound)),
    ...changes.report,
  })
  const endorsement = await endorse(signer, {
    subject: 'simulated-chip',
    id: chipId,
    key: chip.publicKey,
    level: changes.report?.tcb ?? 7,
    notBefore: NOW - 100,
    notAfter: NOW + 1000,
    ...changes.endorsement,
  })
  return {
    version: 1,
    cpu: { kind: 'simulated', evidence: toBase64Url(report), endorsements: [toBase64Url(endorsement)] },
    devices,
    bound,
  }
}

/** What a keeper with the first nonce knows. */
export const context: BindingContext = {
  nonce,
  nonceValidUntil: NOW + 500,
  expected: { role: 'grant', order: facts.order, chainId: facts.chainId, specHash: facts.specHash },
}

/** A policy that the good bundle meets in every clause. */
export const policy: SimulatedPolicy = {
  trust: 'simulated',
  root: rootId,
  isUnisolatedAllowed: false,
  minimumTcb: 7,
  gpus: 1,
  minimumGpuFirmware: 3,
  machines: [simulatedMachine(chipId)],
  builds: [build],
  measurements: simulatedMeasurements([build]),
  configs: [bytes(0xbb, 32)],
}

/** Bytes of a hex, one bit turned. */
export const flipped = (hex: Hex): Hex => {
  const turned = fromHex(hex)
  turned[0] = (turned[0] ?? 0) ^ 1
  return toHex(turned)
}
