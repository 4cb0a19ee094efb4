import { fromHex, type Hex } from '@allod/protocol'
import { inOrder } from '../inOrder.ts'
import { machineId } from '../machineId.ts'
import type { CpuVerifier, VerifiedCpu } from '../verified.ts'
import type { Pin } from '../x509/pinnedRoot.ts'
import type { TdxClaims } from './claims.ts'
import { replay } from './eventLog/replay.ts'
import { parsePckChain } from './pckChain.ts'
import { platformStatus } from './platformStatus.ts'
import { parseQuote } from './quote.ts'
import { intelSgxRoot } from './roots.ts'
import { tdxMeasurement } from './tdxMeasurement.ts'
import { verifyCollateral } from './verifyCollateral.ts'
import { verifyQuote } from './verifyQuote.ts'

/**
 * Verifier of Intel TDX quotes, versions 4 and 5 (Intel TDX DCAP Quoting Library API; SGX PCS API v4).
 * Endorsements: TCB info, QE identity, PEM chains or DER certificates, both CRLs, and event logs, in any order.
 * @param options.roots the roots trusted; Intel's unless told
 */
export function tdxVerifier({ roots = [intelSgxRoot] }: { readonly roots?: readonly Pin[] } = {}): CpuVerifier {
  return { cpu: 'tdx', verify: (evidence, endorsements, { now }) => verifyTdx(evidence, endorsements, roots, now) }
}

async function verifyTdx(
  evidence: Uint8Array,
  endorsements: readonly Uint8Array[],
  roots: readonly Pin[],
  now: number,
): Promise<VerifiedCpu> {
  const quote = parseQuote(evidence)
  const chain = await parsePckChain(quote.signature.pckChain, roots)
  const { report } = quote
  const [vouched, signed, measurement, machine] = await inOrder([
    verifyCollateral(endorsements, chain, now),
    verifyQuote(quote, chain.pck),
    tdxMeasurement(report),
    machineId('tdx', fromHex(chain.pck.ppid, 16)),
  ])
  const { tcbInfo, qeIdentity, eventLogs, validUntil } = vouched
  const { overall, ...parts } = platformStatus({
    report,
    qeReport: signed,
    pck: chain.pck,
    tcbInfo,
    qeIdentity,
  })
  const claims: TdxClaims = {
    kind: 'tdx',
    quoteVersion: quote.version,
    tdVersion: quote.tdVersion,
    ...report,
    fmspc: chain.pck.fmspc,
    pceid: chain.pck.pceid,
    ppid: chain.pck.ppid,
    // The older of the two lists is what a policy's floor is about.
    evaluationNumber: Math.min(tcbInfo.evaluationNumber, qeIdentity.evaluationNumber),
    ...parts,
    paddingBytes: quote.paddingBytes,
    eventLog: eventLogs.length === 0 ? null : await replay(eventLogs),
  }
  return {
    kind: 'tdx',
    isHardware: true,
    root: chain.root.id,
    measurement,
    configHash: configHash(report.mrconfigid),
    reportData: report.reportData,
    isDebug: isDebug(report.tdattributes),
    tcb: claims.evaluationNumber,
    machine,
    isIsolated: true,
    platform: overall,
    findings: [],
    claims,
    validUntil,
  }
}

/** The policy's form of MRCONFIGID: 32 bytes where that is all it holds; otherwise all 48, which equal no hash of 32. */
const configHash = (mrconfigid: Hex): Hex =>
  /^0x[0-9a-f]{64}0{32}$/.test(mrconfigid) ? (mrconfigid.slice(0, 66) as Hex) : mrconfigid

// Bits 7:0 are the group "TD under debug" (TDX Module Base specification, ATTRIBUTES): one set, and the host can look inside.
const isDebug = (tdattributes: Hex): boolean => fromHex(tdattributes, 8)[0] !== 0
