import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FinetuneReport, Metric } from '@allod/models'
import type { Terms } from '@allod/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePlaces, type Places } from '../places.ts'
import { newOrder } from '../testing/newOrder.ts'
import { runEngine, writeJobFile } from './runEngine.ts'

const order = await newOrder()
const run = await newOrder({ kind: 'run' })

let places: Places
let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'allod-run-'))
  places = makePlaces(base)
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const report = (memorisation: string): FinetuneReport => ({
  ...{ version: 1, kind: 'finetune', stopped: 'completed', method: 'lora', steps: 2, rows: 3, tokens: 4 },
  ...{ trainedParameters: 5, firstLoss: '2.0000', lastLoss: '1.0000', evalBefore: null, evalAfter: null },
  leakage: {
    ...{ sampled: 10, verbatim: 1, heldOutSampled: 0, heldOutVerbatim: 0, canaries: 0, exposure: '0.0000' },
    ...{ exposureLimit: '1.0000', trainLoss: '1.0000', heldOutLoss: null, memorisation },
  },
})

/** Runs a real process without a sandbox, which has tests of its own. */
async function start(source: string, { kind = 'finetune', max = null as number | null } = {}) {
  const { job, terms } = kind === 'run' ? run : order
  writeFileSync(
    join(places.engine, `${kind}.mjs`),
    `import { writeFileSync } from 'node:fs'\nconst out = process.argv[3]\n${source}`,
  )
  const limits: Terms = { ...terms, outputs: { ...terms.outputs, maxMemorisation: max } }
  const seen: Metric[] = []
  const figures = await runEngine(job, places, {
    terms: limits,
    onFigures: async (f) => void seen.push(...f),
    onStarted: () => {},
  })
  return { figures, seen }
}
const leaves = (text: string) => `writeFileSync(out + '/report.json', ${JSON.stringify(text)})`

test('gives the figures of the engine’s report, as text and without the empty ones', async () => {
  const { figures } = await start(leaves(JSON.stringify(report('0.1000'))), { max: 100 })
  expect(figures.metrics).toMatchObject({ steps: '2', lastLoss: '1.0000' })
  expect(figures.metrics).not.toHaveProperty('evalBefore')
  expect(figures.leakage).toMatchObject({ memorisation: '0.1000', sampled: '10' })
})

test('refuses a model that learned more by heart than a policy allows', async () => {
  await expect(start(leaves(JSON.stringify(report('0.1010'))), { max: 100 })).rejects.toMatchObject({
    code: 'runtime/output-refused',
    meta: { clause: 'outputs.maxMemorisation', expected: 100, actual: 101 },
  })
})

test('refuses a result of an engine that measures nothing where a policy sets a limit', async () => {
  await expect(start('', { kind: 'run', max: 1000 })).rejects.toMatchObject({ code: 'runtime/output-refused' })
  expect((await start('', { kind: 'run' })).figures).toEqual({ metrics: {}, leakage: null })
})

test('refuses a report that is too large to be one', async () => {
  await expect(start(`writeFileSync(out + '/report.json', ' '.repeat(1 << 17))`)).rejects.toMatchObject({
    code: 'runtime/output-refused',
  })
})

test('says how an engine failed, and nothing of what it said', async () => {
  const failed = await start(`console.error('the data says: a secret'); process.exit(3)`).catch(
    (error: unknown) => error,
  )
  expect(failed).toMatchObject({ code: 'runtime/engine-failed', meta: { exitCode: 3 } })
  expect(JSON.stringify(failed)).not.toContain('secret')
  await expect(start('')).rejects.toMatchObject({ code: 'runtime/engine-failed', meta: { actual: 'no report.json' } })
})

test('tells an engine its job without a key, an address or an order', () => {
  writeJobFile(places, order.job, { method: 'lora' })
  const file = readFileSync(join(places.input, 'job.json'), 'utf8')
  expect(JSON.parse(file)).toMatchObject({ kind: 'finetune', inputs: ['model'], parameters: { method: 'lora' } })
  for (const name of [order.job.order, order.objectId, 'http']) expect(file).not.toContain(name)
})
