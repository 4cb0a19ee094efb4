import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatJob, type Job, parseFinetuneReport, parseMetric } from '@allod/models'
import { tinyModelFolder } from '@allod/models/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { PACKAGED_FILES, packageFinetune } from './package.ts'

const root = mkdtempSync(join(tmpdir(), 'finetune-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const PARAMETERS = { epochs: 2, rows: 2, length: 64, rank: 2, alpha: 4, canaries: 0, threads: 1 }
const ROWS = ['{"prompt":"a?","completion":"b"}', '{"prompt":"c?","completion":"d"}']

let count = 0
/** Lays `/in` out, runs the engine and says how it ended. */
async function run(
  job: Partial<Job> = {},
  rows: readonly string[] = ROWS,
  program = join(import.meta.dirname, 'main.ts'),
) {
  const [inDir, outDir] = [join(root, `in${++count}`), join(root, `out${count}`)]
  for (const folder of ['model', 'dataset']) mkdirSync(join(inDir, folder), { recursive: true })
  for (const [name, bytes] of tinyModelFolder()) writeFileSync(join(inDir, 'model', name), bytes)
  writeFileSync(join(inDir, 'dataset', 'd.jsonl'), rows.join('\n'))
  const whole: Job = {
    version: 1,
    kind: 'finetune',
    inputs: ['dataset', 'model'],
    parameters: PARAMETERS,
    seed: 1,
    ...job,
  }
  writeFileSync(join(inDir, 'job.json'), formatJob(whole))
  const ended = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, inDir, outDir], { env: {} }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
  return { ...ended, outDir, lastLine: ended.stdout.trim().split('\n').at(-1) }
}

describe('the engine as a program', () => {
  it('follows the job contract', async () => {
    const { code, lastLine, outDir } = await run()
    expect([code, lastLine]).toEqual([0, '{"stopped":"completed"}'])
    expect(readdirSync(outDir).sort()).toEqual(['adapter', 'metrics.jsonl', 'report.json'])
    expect(parseFinetuneReport(new Uint8Array(readFileSync(join(outDir, 'report.json')))).rows).toBe(2)
    const lines = readFileSync(join(outDir, 'metrics.jsonl'), 'utf8').trim().split('\n')
    expect(lines.map(parseMetric)).not.toContain(null)
  })

  it('says why it refused: a bad row, with its place', async () => {
    const { code, lastLine, stderr } = await run({}, [...ROWS, '{"prompt":"e"}'])
    expect([code, lastLine]).toEqual([2, '{"stopped":"models/bad-dataset"}'])
    expect(stderr).toContain('"line":3')
  })

  it('refuses a job of another kind, and one without a dataset', async () => {
    expect((await run({ kind: 'serve' })).lastLine).toBe('{"stopped":"engine-finetune/wrong-kind"}')
    expect((await run({ inputs: ['model'] })).lastLine).toBe('{"stopped":"engine-finetune/input-missing"}')
  })
})

describe('the packaged engine', () => {
  it('is the same bytes wherever it is made, and runs from there alone', async () => {
    const [a, b] = [join(root, 'a'), join(root, 'deeper/b')]
    await packageFinetune(a)
    await packageFinetune(b)
    expect(readdirSync(a).sort()).toEqual([...PACKAGED_FILES].sort())
    for (const name of PACKAGED_FILES)
      expect(readFileSync(join(a, name)).equals(readFileSync(join(b, name)))).toBe(true)
    const { code, lastLine } = await run({}, ROWS, join(a, 'finetune.mjs'))
    expect([code, lastLine]).toEqual([0, '{"stopped":"completed"}'])
  })
})
