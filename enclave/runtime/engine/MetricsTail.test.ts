import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatMetric, type Metric } from '@allod/models'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MetricsTail } from './MetricsTail.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'allod-metrics-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const step = (n: number): Metric => ({
  ...{ event: 'step', step: n, of: 10, tokens: 10, loss: '1.2500', lr: '0.00100000', tokensPerSecond: 900 },
})

async function tailOf(text: string | null, allowed: readonly ('step' | 'eval' | 'checkpoint')[]) {
  const seen: Metric[] = []
  const path = join(folder, 'metrics.jsonl')
  if (text !== null) writeFileSync(path, text)
  const tail = new MetricsTail(path, [...allowed], async (figures) => void seen.push(...figures))
  tail.start()
  await tail.stop()
  return seen
}

test('passes on figures and drops whatever else an engine writes', async () => {
  const lines = ['the data says: a secret', formatMetric(step(1)), '{"event":"log","text":"a secret"}', '', '[1]']
  expect(await tailOf(`${lines.join('\n')}\n${formatMetric(step(2))}\n`, ['step'])).toEqual([step(1), step(2)])
})

test('drops events that the policies do not let out', async () => {
  const evaluation: Metric = { event: 'eval', step: 1, loss: '0.5000' }
  const text = `${formatMetric(step(1))}\n${formatMetric(evaluation)}\n`
  expect(await tailOf(text, ['eval'])).toEqual([evaluation])
  expect(await tailOf(text, [])).toEqual([])
})

test('reads to the end, however much there is', async () => {
  const text = Array.from({ length: 3000 }, (_, i) => `${formatMetric(step(i))}\n`).join('')
  expect((await tailOf(text, ['step'])).map((m) => m.step)).toEqual(Array.from({ length: 3000 }, (_, i) => i))
})

test('figures that cannot be passed on end nothing', async () => {
  const path = join(folder, 'metrics.jsonl')
  writeFileSync(path, `${formatMetric(step(1))}\n`)
  const asked = Promise.withResolvers<void>()
  const tail = new MetricsTail(path, ['step'], () => {
    asked.resolve()
    return Promise.reject(new Error('the log key is none'))
  })
  tail.start()
  await asked.promise
  await tail.stop()
})

test('says nothing for an engine that wrote nothing', async () => {
  expect(await tailOf(null, ['step'])).toEqual([])
})
