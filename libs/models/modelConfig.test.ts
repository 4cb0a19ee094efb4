import { isAllodError, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { parseModelConfig, ropeFrequencies, tensorShapes } from './modelConfig.ts'
import { TINY_CONFIG } from './testing.ts'

const parse = (changes: Readonly<Record<string, unknown>> = {}) =>
  parseModelConfig(utf8(JSON.stringify({ ...TINY_CONFIG, ...changes })))

const refusal = (changes: Readonly<Record<string, unknown>>): string => {
  try {
    parse(changes)
  } catch (error) {
    if (isAllodError(error)) return `${error.code} ${JSON.stringify(error.meta)}`
    throw error
  }
  return 'accepted'
}

describe('config.json', () => {
  it('reads a Llama shape with grouped heads', () => {
    expect(parse()).toMatchObject({
      architecture: 'llama',
      heads: 4,
      kvHeads: 2,
      headSize: 8,
      tiedHead: true,
      qkvBias: false,
    })
  })

  it('takes as many key heads as heads where it does not say', () => {
    const { num_key_value_heads: _, ...rest } = TINY_CONFIG
    expect(parseModelConfig(utf8(JSON.stringify(rest))).kvHeads).toBe(4)
  })

  it('gives Qwen2 biases on q, k and v', () => {
    const config = parse({ architectures: ['Qwen2ForCausalLM'] })
    expect([...tensorShapes(config).keys()].filter((n) => n.endsWith('.bias'))).toHaveLength(3 * config.layers)
  })

  it('has an output head of its own only where it is not tied', () => {
    expect(tensorShapes(parse()).has('lm_head.weight')).toBe(false)
    expect(tensorShapes(parse({ tie_word_embeddings: false })).get('lm_head.weight')).toEqual([264, 32])
  })

  it.each([
    ['another architecture', { architectures: ['MistralForCausalLM'] }, 'MistralForCausalLM'],
    ['no architecture', { architectures: undefined, model_type: 'gpt2' }, 'gpt2'],
    ['another activation', { hidden_act: 'gelu' }, 'hidden_act'],
    ['attention biases in a Llama', { attention_bias: true }, 'attention_bias'],
    ['code from its author', { auto_map: { AutoModel: 'x.Y' } }, 'auto_map'],
    ['quantised weights', { quantization_config: { bits: 4 } }, 'quantization_config'],
    ['yarn', { rope_scaling: { rope_type: 'yarn', factor: 4 } }, 'yarn'],
  ])('refuses %s, naming it', (_, changes, name) => {
    const said = refusal(changes)
    expect(said).toContain('models/unsupported-architecture')
    expect(said).toContain(name)
  })

  it.each([
    ['no width', { hidden_size: 0 }],
    ['a fraction of a layer', { num_hidden_layers: 1.5 }],
    ['heads that do not divide into groups', { num_key_value_heads: 3 }],
    ['an odd head', { head_dim: 7 }],
    ['an epsilon below zero', { rms_norm_eps: -1 }],
    ['end tokens that are text', { eos_token_id: ['a'] }],
  ])('refuses %s', (_, changes) => {
    expect(refusal(changes)).toContain('models/bad-config')
  })

  it('refuses bytes that are not a JSON object', () => {
    expect(() => parseModelConfig(utf8('['))).toThrow(expect.objectContaining({ code: 'models/bad-config' }))
    expect(() => parseModelConfig(utf8('[]'))).toThrow(expect.objectContaining({ code: 'models/bad-config' }))
  })
})

describe('rotary frequencies', () => {
  it('fall from 1 by powers of theta', () => {
    expect(ropeFrequencies(parse())).toEqual([1, 0.1, 0.01, 0.001].map((f) => expect.closeTo(f, 10)))
  })

  it('are divided alike under linear scaling', () => {
    const scaled = ropeFrequencies(parse({ rope_scaling: { type: 'linear', factor: 4 } }))
    expect(scaled[0]).toBe(0.25)
  })

  it('keep short waves and stretch long ones under Llama 3 scaling', () => {
    const scaled = ropeFrequencies(
      parse({
        rope_scaling: {
          rope_type: 'llama3',
          factor: 8,
          low_freq_factor: 1,
          high_freq_factor: 4,
          original_max_position_embeddings: 64,
        },
      }),
    )
    expect(scaled[0]).toBe(1)
    expect(scaled[3]).toBeCloseTo(0.001 / 8, 12)
    expect(scaled[1]).toBeGreaterThan(0.1 / 8)
    expect(scaled[1]).toBeLessThan(0.1)
  })
})
