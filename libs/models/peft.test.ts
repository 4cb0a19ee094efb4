import { utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { parseModelConfig } from './modelConfig.ts'
import { type Adapter, parseAdapter, peftFolder } from './peft.ts'
import { tensorOf } from './safetensors.ts'
import { TINY_CONFIG } from './testing.ts'

const config = parseModelConfig(utf8(JSON.stringify(TINY_CONFIG)))
const matrix = (rows: number, columns: number) =>
  tensorOf(
    Float32Array.from({ length: rows * columns }, (_, i) => i / 100),
    [rows, columns],
  )

const ADAPTER: Adapter = {
  rank: 3,
  alpha: 6,
  pairs: [
    { linear: 'model.layers.0.self_attn.q_proj', down: matrix(3, 32), up: matrix(32, 3) },
    { linear: 'model.layers.1.mlp.down_proj', down: matrix(3, 48), up: matrix(32, 3) },
  ],
}

const folder = (changes: Readonly<Record<string, unknown>> = {}): Map<string, Uint8Array> => {
  const files = new Map(peftFolder(ADAPTER, { baseModel: 'base', dropout: 0 }))
  const written = JSON.parse(new TextDecoder().decode(files.get('adapter_config.json')))
  return files.set('adapter_config.json', utf8(JSON.stringify({ ...written, ...changes })))
}
const code = (expected: string) => expect.objectContaining({ code: expected })

describe('an adapter in PEFT layout', () => {
  it('is read as it was written', () => {
    expect(parseAdapter(folder(), config)).toEqual(ADAPTER)
  })

  it('names its targets as PEFT does', () => {
    const text = new TextDecoder().decode(folder().get('adapter_config.json'))
    expect(JSON.parse(text)).toMatchObject({
      peft_type: 'LORA',
      r: 3,
      lora_alpha: 6,
      target_modules: ['down_proj', 'q_proj'],
    })
  })

  it.each([
    ['its rank is not that of its tensors', { r: 4 }],
    ['its rank is absurd', { r: 0 }],
    ['it has no alpha', { lora_alpha: undefined }],
  ])('is refused where %s', (_, changes) => {
    expect(() => parseAdapter(folder(changes), config)).toThrow(code('models/bad-adapter'))
  })

  it('is refused where it belongs to another model', () => {
    expect(() => parseAdapter(folder(), { ...config, hiddenSize: 64 })).toThrow(code('models/bad-adapter'))
    expect(() => parseAdapter(folder(), { ...config, layers: 1 })).toThrow(code('models/bad-adapter'))
  })

  it('is refused where its configuration is no JSON, or missing', () => {
    const files = folder()
    files.set('adapter_config.json', utf8('{'))
    expect(() => parseAdapter(files, config)).toThrow(code('models/bad-adapter'))
    files.delete('adapter_config.json')
    expect(() => parseAdapter(files, config)).toThrow(code('models/file-missing'))
  })

  it.each([
    ['use_dora', true],
    ['use_rslora', true],
    ['bias', 'all'],
    ['peft_type', 'IA3'],
  ])('is refused where %s is %s', (key, value) => {
    expect(() => parseAdapter(folder({ [key]: value }), config)).toThrow(code('models/unsupported-adapter'))
  })
})
