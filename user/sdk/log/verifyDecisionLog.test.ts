import { decisionHash, type Hex, type SignedDecision } from '@allod/protocol'
import { describe, expect, test } from 'vitest'
import { logKeeper, logText, NO_ENTRY } from '../testing/decisionLog.ts'
import { verifyDecisionLog } from './verifyDecisionLog.ts'

const keeper = logKeeper()
const { boot, entry } = keeper

const hashOf = (e: SignedDecision | undefined): Hex => (e === undefined ? NO_ENTRY : decisionHash(e.decision))
const first = boot(1, 3)
const second = boot(2, 3, hashOf(first[2]))
const third = boot(3, 1, hashOf(second[2]))
const whole = [...first, ...second, ...third]

const signerOf = async (id: Hex): Promise<Hex | null> => (id === keeper.keeper ? keeper.keys.address : null)
const check = (...copies: readonly (readonly SignedDecision[])[]) =>
  verifyDecisionLog(copies.map(logText), { signerOf })
const codes = async (...copies: readonly (readonly SignedDecision[])[]) =>
  (await check(...copies)).faults.map((f) => f.code)

test('a log of several boots, each linked to the one before it, holds', async () => {
  expect(await check(whole)).toEqual({
    keepers: [{ keeper: keeper.keeper, boots: 3, entries: 7, from: 1000, upTo: 3000, ends: [hashOf(third[0])] }],
    unreadableLines: 0,
    faults: [],
  })
})

test('copies that overlap are one log', async () => {
  const { keepers, faults } = await check(whole.slice(0, 5), whole.slice(2), whole)
  expect([keepers[0]?.entries, faults]).toEqual([7, []])
})

test('logs of two keepers in one file are judged apart', async () => {
  const other = logKeeper()
  const { keepers, faults } = await verifyDecisionLog([logText([...whole, ...other.boot(1, 2)])], {
    signerOf: async (id) => (id === other.keeper ? other.keys.address : signerOf(id)),
  })
  expect([keepers.map((k) => k.entries), faults]).toEqual([[7, 2], []])
})

test('a line that a crash cut short is counted, and harms nothing', async () => {
  const text = `${logText(first)}{"decision":{"kee\n\n${logText(second)}`
  expect(await verifyDecisionLog([text], { signerOf })).toMatchObject({ unreadableLines: 1, faults: [] })
})

describe('what was hidden shows', () => {
  test('an entry that was taken out: log/entry-missing', async () => {
    const { faults, keepers } = await check(whole.filter((e) => e !== first[1]))
    expect(faults.map((f) => f.code)).toEqual(['log/entry-missing'])
    expect(faults[0]?.meta).toMatchObject({ entry: { hash: hashOf(first[2]), seq: 2, copy: 1, line: 2 } })
    expect(keepers[0]?.ends).toHaveLength(2)
  })

  test('a boot’s last entry that was made unreadable: log/boot-missing', async () => {
    const text = logText(whole).replace(logText(first.slice(2)), '{}\n')
    const { faults } = await verifyDecisionLog([text], { signerOf })
    expect(faults.map((f) => f.code)).toEqual(['log/boot-missing'])
  })

  test('a whole boot that was dropped: log/boot-missing', async () => {
    expect(await codes([...first, ...third])).toEqual(['log/boot-missing'])
  })

  test('a keeper that was given an older end of its log, to whoever holds both: log/forked', async () => {
    const given = [...first.slice(0, 2), ...boot(4, 2, hashOf(first[1]))]
    expect(await codes(given)).toEqual([])
    const { faults, keepers } = await check(given, whole)
    expect(faults.map((f) => f.code)).toEqual(['log/forked'])
    expect(keepers[0]?.ends).toHaveLength(2)
  })

  test('a keeper that was told of no log although it had one: log/boot-unlinked', async () => {
    expect(await codes([...first, ...boot(2, 2), ...boot(4, 1)])).toEqual(['log/boot-unlinked', 'log/boot-unlinked'])
  })

  test('but an end that nobody goes on from can be dropped unseen', async () => {
    expect(await codes(first)).toEqual([])
  })
})

describe('what no keeper of a release signs', () => {
  test('two entries of one number: log/number-reused', async () => {
    const twice = entry(1, 2, hashOf(first[1]), { outcome: 'keeper/busy' })
    expect(await codes([...first, twice])).toEqual(['log/number-reused'])
  })

  test('an entry that names another than the one before it: log/chain-broken', async () => {
    expect(await codes([...first, entry(1, 3, hashOf(first[1]))])).toEqual(['log/chain-broken', 'log/forked'])
    expect(await codes([...first, entry(1, 3, `0x${'ff'.repeat(32)}`)])).toEqual(['log/chain-broken'])
    expect(await codes([...first, entry(1, 3, NO_ENTRY)])).toEqual(['log/chain-broken'])
  })
})

describe('what is not the keeper’s', () => {
  test('an entry that was changed after it was signed counts for nothing: log/bad-signature', async () => {
    const changed = second.map((e, i) => (i === 1 ? { ...e, decision: { ...e.decision, outcome: 'changed' } } : e))
    expect(await codes([...first, ...changed])).toEqual(['log/bad-signature', 'log/entry-missing'])
  })

  test('entries of a keeper that nobody knows are left out, and it is named once: log/unknown-keeper', async () => {
    const { faults, keepers } = await check([...whole, ...logKeeper().boot(1, 3)])
    expect(faults.map((f) => f.code)).toEqual(['log/unknown-keeper'])
    expect(keepers).toHaveLength(1)
  })

  test('a file without an entry is no log: log/no-entries', async () => {
    await expect(verifyDecisionLog(['hello\n', ''], { signerOf })).rejects.toMatchObject({
      code: 'log/no-entries',
      meta: { unreadableLines: 1 },
    })
  })
})

test('stops where it is told to', async () => {
  const stop = new AbortController()
  const work = verifyDecisionLog([logText(whole)], { signerOf, signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(work).rejects.toThrow('enough')
})
