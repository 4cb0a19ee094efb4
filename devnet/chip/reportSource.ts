import { hkdfSync, randomBytes } from 'node:crypto'
import { endorse, signGpuReport, signReport, simulatedMeasurement } from '@allod/attestation/simulated'
import type { Misbehaviour } from '@allod/environments'
import { concat, fromHex, type Hex, lp, sha256, toHex, utf8 } from '@allod/protocol'
import type { ChipKeys } from './chipKeys.ts'
import type { ReportSource } from './reportDevice.ts'

/** What the chip measured when it started a guest. */
export type Launched = { readonly build: Hex; readonly configHash: Hex; readonly isIsolated: boolean }

const TCB = 7
const OLD_TCB = 1
const FIRMWARE = 3
const ENDORSEMENT_SECONDS = 30 * 86_400
const CLOCK_SLACK_SECONDS = 3600

/**
 * What the chip says about one guest. `misbehaviour` is looked up at each report, so that a running chip can be told to
 * lie.
 */
export function reportSource(
  keys: ChipKeys,
  launched: Launched,
  { misbehaviour, now }: { readonly misbehaviour: () => ReadonlySet<Misbehaviour>; readonly now: () => number },
): ReportSource {
  const launchId = toHex(randomBytes(16))
  let generation = 0n
  const does = (what: Misbehaviour) => misbehaviour().has(what)
  const tcb = () => (does('old-tcb') ? OLD_TCB : TCB)
  const window = () => ({ notBefore: now() - CLOCK_SLACK_SECONDS, notAfter: now() + ENDORSEMENT_SECONDS })
  return {
    report: (reportData) =>
      signReport(keys.chip, {
        isDebug: does('debug'),
        isIsolated: launched.isIsolated,
        tcb: tcb(),
        generation: ++generation,
        chipId: keys.chipId,
        launchId,
        measurement: simulatedMeasurement(does('other-bundle') ? otherBuild(launched.build) : launched.build),
        configHash: launched.configHash,
        reportData: toHex(reportData),
      }),
    endorsement: () =>
      endorse(keys.root, {
        subject: 'simulated-chip',
        id: keys.chipId,
        key: keys.chip.publicKey,
        level: tcb(),
        ...window(),
      }),
    derive: (context) =>
      new Uint8Array(
        hkdfSync(
          'sha256',
          keys.seed.expose(),
          new Uint8Array(),
          concat(
            utf8('allod/sim-derive/v1'),
            lp(fromHex(simulatedMeasurement(launched.build), 48)),
            lp(fromHex(launched.configHash, 32)),
            lp(utf8(context)),
          ),
          32,
        ),
      ),
    gpus: (nonce) =>
      Promise.all(
        keys.gpus.map(async ({ key, deviceId }) => ({
          evidence: await signGpuReport(key, {
            isDebug: false,
            isConfidential: true,
            firmware: FIRMWARE,
            deviceId,
            // Spliced: what another machine's GPU answered to somebody else's nonce.
            nonce: toHex(does('spliced-gpu') ? sha256(nonce) : nonce),
          }),
          endorsement: await endorse(keys.root, {
            subject: 'simulated-gpu',
            id: deviceId,
            key: key.publicKey,
            level: FIRMWARE,
            ...window(),
          }),
        })),
      ),
  }
}

// The digest of a bundle that differs in one bit of its list.
const otherBuild = (build: Hex): Hex => toHex(fromHex(build, 32).with(0, (fromHex(build, 32)[0] as number) ^ 1))
