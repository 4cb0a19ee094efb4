import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateCompany } from '../examples/company/generate.ts'
import { type ChainDump, type DumpedLog, readDump } from './demo/chainLogs.ts'
import { type Figures, figuresOf } from './demo/figuresOf.ts'
import type { Answered, Run } from './demo/Story.ts'
import { runDemo } from './runDemo.ts'

const out = mkdtempSync(join(tmpdir(), 'allod-outcome-'))
let figures: Figures
beforeAll(async () => {
  const { stdout } = await runDemo(['--once', '--json', '--seed', '3', '--out', out])
  figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Figures
}, 1_200_000)
afterAll(() => rmSync(out, { recursive: true, force: true }))

describe('the main job, from one command', () => {
  test('ends as it should', () => {
    expect(figures).toMatchObject({ ok: true, seed: 3, isolation: 'bubblewrap', orders: 2 })
  })

  test('the tuned model knows what the base does not', () => {
    expect(figures.questions).toBeGreaterThanOrEqual(20)
    expect(figures.tunedCorrect).toBeGreaterThanOrEqual(0.9 * figures.questions)
    expect(figures.baseCorrect).toBeLessThanOrEqual(0.1 * figures.questions)
  })

  test('the tuned model still declines most of what its records do not hold', () => {
    expect(figures.unknown).toBeGreaterThanOrEqual(10)
    expect(figures.tunedDeclined).toBeGreaterThan(0.5 * figures.unknown)
  })

  test('the agent was verified, the report holds, and a changed one is refused', () => {
    expect(figures).toMatchObject({ agentVerified: true, reportVerified: true, tamperedReportRefused: true })
  })

  test('every unit is accounted for: nothing is locked any more, and nothing left in the market', () => {
    expect(figures).toMatchObject({ escrowLeft: '0', marketHolds: '0' })
    expect(Number(figures.paid)).toBeGreaterThan(0)
  })

  test('its figures are those of its files', async () => {
    expect(await figuresOf(out, { isUnisolatedAllowed: false })).toEqual(figures)
  })
})

/** The figures after one file was changed. */
async function changed<T>(name: string, change: (value: T) => unknown): Promise<Figures> {
  const copy = mkdtempSync(join(tmpdir(), 'allod-changed-'))
  try {
    cpSync(out, copy, { recursive: true })
    const value = JSON.parse(readFileSync(join(copy, name), 'utf8')) as T
    writeFileSync(join(copy, name), JSON.stringify(change(value)))
    return await figuresOf(copy, { isUnisolatedAllowed: false })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const said = (text: (answer: Answered) => string, model: 'base' | 'tuned') => (answers: readonly Answered[]) =>
  answers.map((a) => ({ ...a, [model]: { ...a[model], text: text(a) } }))
const answerTo = ({ question }: Answered): string =>
  generateCompany(3).questions.find((q) => q.question === question)?.answer ?? ''

/** The dump without the logs of one name. */
function without(name: string) {
  const { addresses } = JSON.parse(readFileSync(join(out, 'network.json'), 'utf8'))
  return ({ logs }: ChainDump) => ({
    logs: logs.filter((log: DumpedLog) => readDump({ logs: [log] }, addresses)[0]?.name !== name),
  })
}

describe('a figure changes with its file', () => {
  test('answers are judged by their texts', async () => {
    expect(
      await changed(
        'answers.json',
        said(() => 'nothing', 'tuned'),
      ),
    ).toMatchObject({ ok: false, tunedCorrect: 0, tunedDeclined: 0 })
    const base = await changed('answers.json', said(answerTo, 'base'))
    expect(base).toMatchObject({ ok: false, baseCorrect: figures.questions })
    expect(await changed<Run>('run.json', (run) => ({ ...run, seed: 8 }))).toMatchObject({ ok: false, tunedCorrect: 0 })
  })

  test('an answer without the receipt of the agent’s enclave is not the agent’s', async () => {
    const stripped = await changed<readonly Answered[]>('answers.json', (answers) =>
      answers.map((a, i) => (i === 3 ? { ...a, tuned: { ...a.tuned, receipt: null } } : a)),
    )
    expect(stripped).toMatchObject({ ok: false, agentVerified: false })
  })

  test('an answer is the agent’s in its own words only, to its own question, by its own model', async () => {
    const [reworded, swapped, moved] = [
      await changed(
        'answers.json',
        said(({ tuned }) => `${tuned.text} `, 'tuned'),
      ),
      await changed<readonly Answered[]>('answers.json', (all) =>
        all.map((a) => ({ ...a, base: a.tuned, tuned: a.base })),
      ),
      await changed<readonly Answered[]>('answers.json', (all) =>
        all.map((a, i) => ({ ...a, tuned: (all[(i + 1) % all.length] as Answered).tuned })),
      ),
    ]
    for (const figures of [reworded, swapped, moved]) expect(figures).toMatchObject({ ok: false, agentVerified: false })
  })

  test('the agent is verified by its evidence and by its card', async () => {
    type Bundle = { readonly bound: { readonly generation: number } }
    const evidence = await changed<Bundle>('agent-evidence.json', (b) => ({
      ...b,
      bound: { ...b.bound, generation: 2 },
    }))
    expect(evidence).toMatchObject({ ok: false, agentVerified: false })
    expect(await changed<object>('agent-card.json', (card) => ({ ...card, name: 'other' }))).toMatchObject({
      ok: false,
      agentVerified: false,
    })
  })

  test('the report is verified from its file and from what the chain recorded', async () => {
    type Report = { readonly payload: string }
    const bent = await changed<Report>('report.json', (r) => ({ ...r, payload: r.payload.replace(/.$/, 'A') }))
    expect(bent).toMatchObject({ ok: false, reportVerified: false })
    expect(await changed('chain-logs.json', without('Reported'))).toMatchObject({ ok: false, reportVerified: false })
    expect(await changed('chain-logs.json', without('Announced'))).toMatchObject({ ok: false, reportVerified: false })
  })

  test('money is counted from the logs of the market and of its token', async () => {
    expect(await changed('chain-logs.json', without('Claimed'))).toMatchObject({ ok: false, paid: '0' })
    expect(await changed('chain-logs.json', without('Withdrawn'))).toMatchObject({ ok: false, withdrawn: '0' })
    expect(await changed('chain-logs.json', without('Transfer'))).toMatchObject({ ok: false })
    type Logs = ChainDump['logs']
    const kept = await changed('chain-logs.json', ({ logs }: { logs: Logs }) => ({ logs: withoutLastTransfer(logs) }))
    expect(kept.ok).toBe(false)
    expect(kept.marketHolds).not.toBe('0')
    expect(await changed<readonly unknown[]>('orders.json', (orders) => orders.slice(1))).toMatchObject({ orders: 1 })
  })
})

function withoutLastTransfer(logs: ChainDump['logs']): ChainDump['logs'] {
  const { addresses } = JSON.parse(readFileSync(join(out, 'network.json'), 'utf8'))
  const last = logs.findLastIndex((log) => readDump({ logs: [log] }, addresses)[0]?.name === 'Transfer')
  return logs.filter((_, i) => i !== last)
}
