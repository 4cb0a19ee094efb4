import type { AllodError, Decision, Hex } from '@allod/protocol'
import { fail } from './errors.ts'

/** An entry whose signature holds, and where it was found. */
export type LinkedEntry = Pick<Decision, 'keeper' | 'boot' | 'seq' | 'previous' | 'time'> & {
  readonly hash: Hex
  readonly copy: number
  readonly line: number
}

const NOTHING: Hex = `0x${'00'.repeat(32)}`

/** What is wrong with how one keeper's entries name each other. */
export function linkFaults(links: readonly LinkedEntry[]): readonly AllodError[] {
  const byHash = new Map(links.map((link) => [link.hash, link]))
  const byNumber = Map.groupBy(links, numberOf)
  const faults: AllodError[] = []
  for (const same of byNumber.values()) {
    if (same.length > 1) faults.push(fail('number-reused', { meta: { entries: same.map(shown) } }))
    for (const link of same) {
      const fault = link.previous === NOTHING && link.seq === 0 ? null : backwardFault(link, byHash, byNumber)
      if (fault !== null) faults.push(fault)
    }
  }
  return [...faults, ...forks(links)]
}

function backwardFault(
  link: LinkedEntry,
  byHash: ReadonlyMap<Hex, LinkedEntry>,
  byNumber: ReadonlyMap<string, readonly LinkedEntry[]>,
): AllodError | null {
  const { boot, seq, previous } = link
  const before = byHash.get(previous)
  const meta = { entry: shown(link) }
  if (seq === 0) {
    if (before === undefined) return fail('boot-missing', { expected: previous, meta })
    return before.boot === boot ? fail('chain-broken', { expected: 'another boot', actual: shown(before), meta }) : null
  }
  const number = numberOf({ boot, seq: seq - 1 })
  if (before === undefined && !byNumber.has(number)) return fail('entry-missing', { expected: number, meta })
  if (before !== undefined && numberOf(before) === number) return null
  return fail('chain-broken', { expected: number, actual: before === undefined ? previous : shown(before), meta })
}

/** Entries of different numbers that name the same one before them, and boots that name none. */
function forks(links: readonly LinkedEntry[]): readonly AllodError[] {
  return [...Map.groupBy(links, (link) => link.previous)].flatMap(([previous, after]) => {
    const branches = [...new Map(after.map((link) => [numberOf(link), link])).values()]
    if (previous === NOTHING)
      return branches
        .slice(1)
        .filter(({ seq }) => seq === 0)
        .map((link) => fail('boot-unlinked', { meta: { entry: shown(link) } }))
    return branches.length < 2 ? [] : [fail('forked', { expected: previous, meta: { entries: branches.map(shown) } })]
  })
}

const numberOf = ({ boot, seq }: Pick<LinkedEntry, 'boot' | 'seq'>): string => `${boot}/${seq}`

const shown = ({ hash, boot, seq, copy, line }: LinkedEntry) => ({ hash, boot, seq, copy, line })
