import {
  type AllodError,
  type Decision,
  decisionHash,
  fromHex,
  type Hex,
  requireSigner,
  type SignedDecision,
  signedDecisionShape,
} from '@allod/protocol'
import { pause } from '../wire/pause.ts'
import { fail } from './errors.ts'
import { type LinkedEntry, linkFaults } from './linkFaults.ts'

/** What one keeper's part of a log amounts to. */
export type KeeperLog = {
  readonly keeper: Hex
  readonly boots: number
  readonly entries: number
  /** Unix seconds by the keeper's clock, of its earliest and latest entry. */
  readonly from: number
  readonly upTo: number
  /** Entries that no other goes on from: one, unless the log is forked or has gaps. A later copy must hold it. */
  readonly ends: readonly Hex[]
}

export type LogVerdict = {
  readonly keepers: readonly KeeperLog[]
  /** Lines that are no entry, such as one that a crash cut short. Where a whole one stood, the next entry's link shows it. */
  readonly unreadableLines: number
  /** Codes `log/…`; none where everything given is signed and linked. */
  readonly faults: readonly AllodError[]
}

export type LogOptions = {
  /** The address that a keeper's entries are signed with; null where nobody knows the keeper. See `signerOfKeeper`. */
  readonly signerOf: (keeper: Hex) => Promise<Hex | null>
  readonly onProgress?: (doneBytes: number) => void
  readonly signal?: AbortSignal
}

/** Entries between two looks at the clock, so that a long log can be stopped and shown. */
const AT_ONCE = 64

/**
 * Checks decision logs of keepers: signatures, numbers without gaps, every entry and every boot linked to the one before it.
 * Several copies are read as one log, so that what a host hid from one of them shows in the other. What no copy holds and no
 * later entry goes on from cannot be missed: the end of a log proves nothing about what came after it.
 * @param copies lines of JSON each, as a keeper's host keeps them
 * @throws log/no-entries; what is wrong with entries is in the verdict
 */
export async function verifyDecisionLog(
  copies: readonly string[],
  { signerOf, onProgress, signal }: LogOptions,
): Promise<LogVerdict> {
  const links = new Map<Hex, LinkedEntry>()
  const signers = new Map<Hex, Hex | null>()
  const faults: AllodError[] = []
  const unreadable: number[] = []
  let doneBytes = 0
  let count = 0
  for (const [copy, text] of copies.entries())
    for (const [line, at] of linesOf(text)) {
      doneBytes += line.length + 1
      if (count++ % AT_ONCE === 0) {
        await pause(0)
        signal?.throwIfAborted()
        onProgress?.(doneBytes)
      }
      const entry = parsed(line)
      if (entry === null) {
        if (line !== '') unreadable.push(at)
        continue
      }
      const { decision } = entry
      const hash = decisionHash(decision)
      if (links.has(hash)) continue
      const { keeper } = decision
      const isNew = !signers.has(keeper)
      const signer = signers.get(keeper) ?? (isNew ? await signerOf(keeper) : null)
      signers.set(keeper, signer)
      const place = { copy: copy + 1, line: at }
      if (signer === null && isNew) faults.push(fail('unknown-keeper', { actual: keeper, meta: place }))
      if (signer === null) continue
      const refusal = signatureFault(entry, hash, signer, place)
      if (refusal === null) links.set(hash, { ...linkOf(decision), hash, ...place })
      else faults.push(refusal)
    }
  if (signers.size === 0) throw fail('no-entries', { meta: { unreadableLines: unreadable.length } })
  const keepers = Map.groupBy(links.values(), (link) => link.keeper)
  for (const own of keepers.values()) faults.push(...linkFaults(own))
  return { keepers: [...keepers.values()].map(keeperLog), unreadableLines: unreadable.length, faults }
}

function* linesOf(text: string): Generator<readonly [line: string, at: number]> {
  let at = 1
  for (let from = 0; from < text.length; at++) {
    const end = text.indexOf('\n', from)
    yield [text.slice(from, end < 0 ? text.length : end), at]
    from = end < 0 ? text.length : end + 1
  }
}

function parsed(line: string): SignedDecision | null {
  try {
    return signedDecisionShape(JSON.parse(line))
  } catch {
    return null
  }
}

const linkOf = ({ keeper, boot, seq, previous, time }: Decision) => ({ keeper, boot, seq, previous, time })

function signatureFault({ by }: SignedDecision, hash: Hex, signer: Hex, meta: Record<string, number>) {
  try {
    requireSigner(fromHex(hash, 32), by.signature, signer)
    return null
  } catch (cause) {
    return fail('bad-signature', { cause, expected: signer, actual: by.signer, meta: { ...meta, hash } })
  }
}

function keeperLog(links: readonly LinkedEntry[]): KeeperLog {
  const named = new Set(links.map((l) => l.previous))
  const [first] = links as [LinkedEntry]
  let [from, upTo] = [first.time, first.time]
  for (const { time } of links) [from, upTo] = [Math.min(from, time), Math.max(upTo, time)]
  return {
    keeper: first.keeper,
    boots: new Set(links.map((l) => l.boot)).size,
    entries: links.length,
    ...{ from, upTo },
    ends: links.filter((l) => !named.has(l.hash)).map((l) => l.hash),
  }
}
