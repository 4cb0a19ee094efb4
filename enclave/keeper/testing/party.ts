import {
  endorse,
  newSimulatedSecret,
  type SimulatedGpuReport,
  type SimulatedReport,
  signGpuReport,
  signReport,
  simulatedKey,
  simulatedMachine,
  simulatedMeasurement,
  simulatedRoot,
} from '@allod/attestation/simulated'
import { type HpkeKey, newHpkeKey } from '@allod/content'
import {
  type Committee,
  type Hex,
  newCommittee,
  newSigningKey,
  Secret,
  type SigningKey,
  toBase64Url,
} from '@allod/protocol'
import { type KeeperKeys, keeperKeys } from '../keys/keeperKeys.ts'

/** 32 bytes that are the same in every run. */
export const seed = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(fill)
export const hex32 = (fill: number): Hex => `0x${fill.toString(16).padStart(2, '0').repeat(32)}`
export const hex20 = (fill: number): Hex => `0x${fill.toString(16).padStart(2, '0').repeat(20)}`
export const signer = (fill: number): SigningKey => newSigningKey(seed(fill))

/** Unix seconds at which every test happens. */
export const NOW = 1_800_000_000
export const CHAIN_ID = '31337'
export const addresses = {
  assets: hex20(0xa2),
  registry: hex20(0xa3),
  trust: hex20(0xa4),
  market: hex20(0xa1),
}

export const owner = signer(1)
export const buyer = signer(2)
export const provider = signer(3)
/** The provider's hot key. */
export const providerKey = signer(4)
export const engineAuthor = signer(5)
export const enclave = signer(8)

const newKey = async () => simulatedKey(await newSimulatedSecret())
const [root, chip, gpu] = await Promise.all([newKey(), newKey(), newKey()])
export const rootId = simulatedRoot(root.publicKey)
export const chipId = hex32(0xc1)
export const machine = simulatedMachine(chipId)
export const build = hex32(0xb1)

const WINDOW = { notBefore: NOW - 3600, notAfter: NOW + 86_400 }
export const TCB = 7

/** CPU evidence as the simulated chip gives it. */
export async function cpuEvidence(reportData: Hex, change: (report: SimulatedReport) => SimulatedReport = (r) => r) {
  const report = change({
    isDebug: false,
    isIsolated: true,
    tcb: TCB,
    generation: 1n,
    chipId,
    launchId: `0x${'1a'.repeat(16)}`,
    measurement: simulatedMeasurement(build),
    configHash: hex32(0xcf),
    reportData,
  })
  const endorsement = await endorse(root, {
    subject: 'simulated-chip',
    id: chipId,
    key: chip.publicKey,
    level: report.tcb,
    ...WINDOW,
  })
  return {
    kind: 'simulated' as const,
    evidence: toBase64Url(await signReport(chip, report)),
    endorsements: [toBase64Url(endorsement)],
  }
}

/** GPU evidence over a nonce. */
export async function gpuEvidence(nonce: Hex, change: (report: SimulatedGpuReport) => SimulatedGpuReport = (r) => r) {
  const report = change({ isDebug: false, isConfidential: true, firmware: 3, deviceId: hex32(0xd1), nonce })
  const endorsement = await endorse(root, {
    subject: 'simulated-gpu',
    id: hex32(0xd1),
    key: gpu.publicKey,
    level: 3,
    ...WINDOW,
  })
  return {
    kind: 'simulated-gpu' as const,
    evidence: toBase64Url(await signGpuReport(gpu, report)),
    endorsements: [toBase64Url(endorsement)],
  }
}

export type Parties = {
  readonly committee: Committee
  /** In the committee's order. */
  readonly keepers: readonly KeeperKeys[]
  readonly grantKey: HpkeKey
  readonly resultKey: HpkeKey
}

let made: Promise<Parties> | undefined

/** A committee of three, any two of which open, with an enclave's and a buyer's HPKE keys. Made once. */
export const parties = (): Promise<Parties> => {
  made ??= makeParties()
  return made
}

async function makeParties(): Promise<Parties> {
  const keys = await Promise.all([21, 22, 23].map((fill) => keeperKeys(new Secret(seed(fill)))))
  const committee = newCommittee(
    2,
    keys.map((k) => ({ hpkeKey: k.hpke.publicKey, address: k.signing.address })),
  )
  return {
    committee,
    keepers: [...keys].sort((a, b) => (a.id < b.id ? -1 : 1)),
    grantKey: await newHpkeKey(new Secret(seed(31))),
    resultKey: await newHpkeKey(new Secret(seed(32))),
  }
}
