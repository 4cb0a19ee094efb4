import { utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { FINETUNE_DEFAULTS, formatJob, type Job, parseFinetuneParameters, parseJob } from './job.ts'

const JOB: Job = { version: 1, kind: 'finetune', inputs: ['dataset', 'model'], parameters: { rank: 8 }, seed: 7 }
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('job.json', () => {
  it('reads what it wrote', () => {
    expect(parseJob(formatJob(JOB))).toEqual(JOB)
  })

  it('is canonical', () => {
    expect(new TextDecoder().decode(formatJob(JOB))).toBe(
      '{"inputs":["dataset","model"],"kind":"finetune","parameters":{"rank":8},"seed":7,"version":1}',
    )
  })

  it('refuses bytes that are not JSON, or too many', () => {
    expect(() => parseJob(utf8('{'))).toThrow(code('models/bad-job'))
    expect(() => parseJob(new Uint8Array((1 << 20) + 1))).toThrow(code('models/bad-job'))
  })

  it.each([
    ['an unknown field', { ...JOB, more: 1 }],
    ['another version', { ...JOB, version: 2 }],
    ['a path as input name', { ...JOB, inputs: ['../model'] }],
    ['a seed beyond 32 bits', { ...JOB, seed: 2 ** 32 }],
  ])('refuses %s', (_, job) => {
    expect(() => parseJob(utf8(JSON.stringify(job)))).toThrow(code('protocol/bad-shape'))
  })
})

describe('fine-tuning parameters', () => {
  it('are the defaults where nothing is said', () => {
    expect(parseFinetuneParameters({})).toEqual(FINETUNE_DEFAULTS)
    expect(parseFinetuneParameters({ learningRate: '0.01' }).learningRate).toBe('0.01')
  })

  it('refuse names that do not exist and fractions that are numbers', () => {
    expect(() => parseFinetuneParameters({ learning_rate: '1' })).toThrow(code('protocol/bad-shape'))
    expect(() => parseFinetuneParameters({ learningRate: 0.1 })).toThrow(code('models/bad-number'))
    expect(() => parseFinetuneParameters({ dropout: '0.95' })).toThrow(code('models/bad-number'))
    expect(() => parseFinetuneParameters({ targets: ['lm_head'] })).toThrow(code('protocol/bad-shape'))
  })
})
