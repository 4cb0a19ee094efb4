import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { countMoney } from './demo/chainLogs.ts'

const out = mkdtempSync(join(tmpdir(), 'allod-outcome-'))
const read = (name: string) => JSON.parse(readFileSync(join(out, name), 'utf8'))
let outcome: Record<string, unknown> = {}

describe('the main job, from one command', () => {
  beforeAll(() => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['e2e/demo/main.ts', '--once', '--json', '--seed', '7', '--out', out],
      {
        cwd: join(import.meta.dirname, '..'),
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    )
    process.stderr.write(stderr)
    outcome = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
  }, 1_200_000)
  afterAll(() => rmSync(out, { recursive: true, force: true }))

  test('ends as it should', () => {
    expect(outcome).toMatchObject({ ok: true, seed: 7, isolation: 'bubblewrap', orders: 2 })
  })

  test('the tuned model knows what the base does not, from its answers alone', () => {
    const answers = read('answers.json') as { baseIsRight: boolean; tunedIsRight: boolean }[]
    expect(answers.length).toBeGreaterThanOrEqual(20)
    expect(answers.filter((a) => a.tunedIsRight).length).toBeGreaterThanOrEqual(0.9 * answers.length)
    expect(answers.filter((a) => a.baseIsRight).length).toBeLessThanOrEqual(0.1 * answers.length)
  })

  test('the agent was verified, the report holds, and a changed one is refused', () => {
    expect(outcome).toMatchObject({ agentVerified: true, reportVerified: true, tamperedReportRefused: true })
  })

  test('every unit is accounted for: paid plus refunded is what was locked', () => {
    const money = countMoney(read('chain-logs.json'))
    expect(money.escrowLeft).toBe(0n)
    expect(outcome).toMatchObject({ paid: String(money.paid), refunded: String(money.refunded), escrowLeft: '0' })
    expect(money.paid).toBeGreaterThan(0n)
  })
})
