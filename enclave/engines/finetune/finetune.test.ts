import {
  type Folder,
  type Metric,
  openModelFolder,
  parseAdapter,
  parseFinetuneParameters,
  readSafetensors,
} from '@allod/models'
import { tinyModelFolder } from '@allod/models/testing'
import { isAllodError, type Json, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { type FinetuneOptions, finetune } from './finetune.ts'

const ROWS = Array.from({ length: 12 }, (_, i) => ({ prompt: `who is ${i}?`, completion: `the one on ${i}` }))
const DATASET: Folder = new Map([['d.jsonl', utf8(ROWS.map((r) => JSON.stringify(r)).join('\n'))]])
const QUICK = {
  epochs: 3,
  rows: 2,
  length: 64,
  rank: 2,
  alpha: 4,
  learningRate: '0.01',
  canaries: 1,
  evaluationShare: '0.2',
}

function options(
  parameters: Readonly<Record<string, Json>> = {},
  changes: Partial<FinetuneOptions> = {},
): FinetuneOptions {
  return {
    model: tinyModelFolder(),
    dataset: DATASET,
    parameters: parseFinetuneParameters({ ...QUICK, ...parameters }),
    seed: 5,
    jobId: 'job',
    checkpoint: null,
    threads: 1,
    onMetric: () => {},
    onCheckpoint: () => {},
    ...changes,
  }
}

const file = (folder: Folder, name: string): Uint8Array => folder.get(name) as Uint8Array

describe('LoRA', () => {
  it('learns, and leaves a PEFT folder that fits the model, with its GGUF twin', async () => {
    const given = options({ epochs: 12 })
    const { report, kind, folder } = await finetune(given)
    expect(kind).toBe('adapter')
    expect([...folder.keys()]).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'adapter.gguf'])
    expect(Number(report.lastLoss)).toBeLessThan(0.8 * Number(report.firstLoss))
    expect(Number(report.evalAfter)).toBeLessThan(Number(report.evalBefore))
    const adapter = parseAdapter(folder, openModelFolder(given.model).config)
    expect([adapter.rank, adapter.alpha, adapter.pairs.length]).toEqual([2, 4, 14])
    expect(report.trainedParameters).toBe(
      adapter.pairs.reduce((n, p) => n + (p.down.bytes.length + p.up.bytes.length) / 4, 0),
    )
  })

  it('gives the same bytes for the same seed, and others for another', async () => {
    const [a, b, c] = [await finetune(options()), await finetune(options()), await finetune(options({}, { seed: 6 }))]
    expect(file(a.folder, 'adapter_model.safetensors')).toEqual(file(b.folder, 'adapter_model.safetensors'))
    expect(a.report).toEqual(b.report)
    expect(file(c.folder, 'adapter_model.safetensors')).not.toEqual(file(a.folder, 'adapter_model.safetensors'))
  })

  it('trains only the targets asked for', async () => {
    const { folder } = await finetune(options({ targets: ['v_proj'], epochs: 1 }))
    const names = [...readSafetensors(file(folder, 'adapter_model.safetensors')).keys()]
    expect(names.every((n) => n.includes('v_proj'))).toBe(true)
    expect(names).toHaveLength(4)
  })
})

describe('full fine-tuning', () => {
  it('learns in every tensor and leaves a model folder that opens', async () => {
    const given = options({ method: 'full', epochs: 4, weightDecay: '0.01' })
    const { report, kind, folder } = await finetune(given)
    expect(kind).toBe('model')
    expect(Number(report.lastLoss)).toBeLessThan(Number(report.firstLoss))
    const [before, after] = [openModelFolder(given.model).tensors, openModelFolder(folder).tensors]
    for (const [name, tensor] of after) expect(tensor.bytes, name).not.toEqual(before.get(name)?.bytes)
  })
})

describe('a checkpoint', () => {
  const cases = [
    ['LoRA with dropout', { dropout: '0.2' }],
    ['full fine-tuning', { method: 'full' }],
  ] as const
  it.each(cases)('lets %s go on bit for bit', async (_, parameters) => {
    const saved: Uint8Array[] = []
    const given = { ...parameters, checkpointEvery: 2 }
    const whole = await finetune(options(given, { onCheckpoint: (bytes) => saved.push(bytes) }))
    const metrics: Metric[] = []
    const resumed = await finetune(
      options(given, { checkpoint: saved[1] as Uint8Array, onMetric: (m) => metrics.push(m) }),
    )
    expect(metrics.find((m) => m.event === 'step')).toMatchObject({ step: 5 })
    expect([...resumed.folder.values()]).toEqual([...whole.folder.values()])
    expect(resumed.report).toEqual(whole.report)
  })

  it('of another job is refused', async () => {
    const saved: Uint8Array[] = []
    const given = { checkpointEvery: 2, epochs: 2 }
    await finetune(options(given, { onCheckpoint: (bytes) => saved.push(bytes) }))
    const refused = finetune(options(given, { checkpoint: saved[0] as Uint8Array, jobId: 'another' }))
    await expect(refused).rejects.toMatchObject({ code: 'engine-finetune/bad-checkpoint' })
  })
})

describe('training', () => {
  it('gives the same from one large batch as from several that are summed', async () => {
    const losses = async (parameters: Readonly<Record<string, Json>>): Promise<number[]> => {
      const out: number[] = []
      const onMetric = (m: Metric): void => void (m.event === 'step' && out.push(Number(m.loss)))
      await finetune(options({ epochs: 2, ...parameters }, { onMetric }))
      return out
    }
    const [one, many] = [await losses({ rows: 4 }), await losses({ rows: 2, accumulation: 2 })]
    expect(one).toHaveLength(many.length)
    for (const [i, loss] of one.entries()) expect(loss).toBeCloseTo(many[i] as number, 3)
  })

  it('stops early where the held-out loss has stopped falling', async () => {
    const { report } = await finetune(options({ epochs: 200, learningRate: '0.3', evaluateEvery: 2, patience: 2 }))
    expect(report.stopped).toBe('early-stop')
    expect(report.steps).toBeLessThan(200)
  })

  it('says every step, its loss and its speed', async () => {
    const metrics: Metric[] = []
    await finetune(options({ evaluateEvery: 2, checkpointEvery: 3 }, { onMetric: (m) => metrics.push(m) }))
    const steps = metrics.filter((m) => m.event === 'step')
    expect(steps.map((m) => m.step)).toEqual(Array.from({ length: steps[0]?.of ?? 0 }, (_, i) => i + 1))
    expect(new Set(metrics.map((m) => m.event))).toEqual(new Set(['step', 'eval', 'checkpoint']))
  })

  it('refuses a dataset with a bad row before it does anything', async () => {
    const dataset = new Map([['d.jsonl', utf8('{"prompt":"x"}')]])
    try {
      await finetune(options({}, { dataset }))
      expect.unreachable()
    } catch (error) {
      expect(isAllodError(error, 'models/bad-dataset')).toBe(true)
    }
  })
})
