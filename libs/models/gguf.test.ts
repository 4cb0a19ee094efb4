import { concat, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { ggufAdapterFromPeft, ggufFromFolder } from './gguf.ts'
import { openModelFolder } from './modelFolder.ts'
import { peftFolder } from './peft.ts'
import { tensorOf, toFloat32 } from './safetensors.ts'
import { TINY_CONFIG, tinyModelFolder } from './testing.ts'

/** Reads a GGUF file back, written from the format's own description. */
function readGguf(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = 0
  const number = (size: number, read: (at: number) => number): number => {
    at += size
    return read(at - size)
  }
  const u32 = () => number(4, (a) => view.getUint32(a, true))
  const u64 = () => number(8, (a) => Number(view.getBigUint64(a, true)))
  const text = (): string => {
    const length = u64()
    at += length
    return new TextDecoder().decode(file.subarray(at - length, at))
  }
  const value = (kind: number): unknown => {
    if (kind === 4) return u32()
    if (kind === 5) return number(4, (a) => view.getInt32(a, true))
    if (kind === 6) return number(4, (a) => view.getFloat32(a, true))
    if (kind === 7) return number(1, (a) => view.getUint8(a)) === 1
    if (kind === 8) return text()
    const inner = u32()
    return Array.from({ length: u64() }, () => value(inner))
  }
  expect(new TextDecoder().decode(file.subarray(0, 4))).toBe('GGUF')
  at = 4
  expect(u32()).toBe(3)
  const [tensorCount, entryCount] = [u64(), u64()]
  const metadata = Object.fromEntries(Array.from({ length: entryCount }, () => [text(), value(u32())]))
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text()
    const dims = Array.from({ length: u32() }, u64)
    return { name, dims, type: u32(), offset: u64() }
  })
  const start = Math.ceil(at / 32) * 32
  const floats = (name: string): Float32Array => {
    const tensor = tensors.find((t) => t.name === name)
    const from = start + (tensor?.offset ?? 0)
    const size = (tensor?.dims ?? []).reduce((a, b) => a * b, 4)
    return new Float32Array(file.slice(from, from + size).buffer)
  }
  return { metadata, tensors, floats, end: start }
}

const written = (folder: Map<string, Uint8Array>, type: 'F16' | 'F32' = 'F32') =>
  concat(...ggufFromFolder(folder, type))

describe('a GGUF model', () => {
  it('carries shape, tokenizer and template', () => {
    const { metadata, tensors } = readGguf(written(tinyModelFolder()))
    expect(metadata).toMatchObject({
      'general.architecture': 'llama',
      'llama.block_count': 2,
      'llama.attention.head_count': 4,
      'llama.attention.head_count_kv': 2,
      'llama.rope.dimension_count': 8,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.eos_token_id': 2,
      'tokenizer.ggml.add_bos_token': false,
    })
    expect(metadata['tokenizer.ggml.tokens']).toHaveLength(264)
    expect((metadata['tokenizer.ggml.token_type'] as number[]).slice(0, 4)).toEqual([3, 3, 3, 1])
    expect(tensors.map((t) => t.name)).toContain('blk.1.ffn_down.weight')
    expect(tensors.every((t) => t.offset % 32 === 0)).toBe(true)
  })

  it('stores matrices in the type asked for and vectors in full', () => {
    const { tensors } = readGguf(written(tinyModelFolder(), 'F16'))
    expect(tensors.every((t) => t.type === (t.dims.length === 1 ? 0 : 1))).toBe(true)
  })

  it('interleaves the halves of each query and key head, and nothing else', () => {
    const folder = tinyModelFolder()
    const { floats } = readGguf(written(folder))
    const original = openModelFolder(folder).tensors
    const rows = (name: string): Float32Array => toFloat32(original.get(name) as never)
    const q = rows('model.layers.0.self_attn.q_proj.weight')
    const row = (all: Float32Array, i: number): number[] => [...all.subarray(i * 32, (i + 1) * 32)]
    const stored = floats('blk.0.attn_q.weight')
    // A head has eight rows: 0..3 pair with 4..7.
    expect([0, 1, 2, 3, 9].map((i) => row(stored, i))).toEqual([0, 4, 1, 5, 12].map((i) => row(q, i)))
    expect(floats('blk.0.attn_v.weight')).toEqual(rows('model.layers.0.self_attn.v_proj.weight'))
  })

  it('leaves Qwen2 rows as they are, and carries its biases', () => {
    const folder = tinyModelFolder({ config: { architectures: ['Qwen2ForCausalLM'] } })
    const { floats, metadata } = readGguf(written(folder))
    const original = openModelFolder(folder).tensors
    expect(metadata['general.architecture']).toBe('qwen2')
    for (const part of ['weight', 'bias'])
      expect(floats(`blk.0.attn_q.${part}`)).toEqual(
        toFloat32(original.get(`model.layers.0.self_attn.q_proj.${part}`) as never),
      )
  })

  it('carries rope scaling', () => {
    const linear = readGguf(written(tinyModelFolder({ config: { rope_scaling: { type: 'linear', factor: 2 } } })))
    expect(linear.metadata).toMatchObject({ 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 2 })
    const scaling = {
      rope_type: 'llama3',
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 64,
    }
    const llama3 = readGguf(written(tinyModelFolder({ config: { rope_scaling: scaling } })))
    expect([...llama3.floats('rope_freqs.weight')].at(0)).toBe(1)
    expect([...llama3.floats('rope_freqs.weight')].at(-1)).toBeCloseTo(8, 5)
  })

  it.each([
    ['cuts text in an unknown way', { pre_tokenizer: { type: 'Whitespace' } }],
    ['falls back to bytes as SentencePiece does', { pre_tokenizer: { type: 'ByteLevel' }, byte_fallback: true }],
    ['has ids beyond the embedding', { extra: 9999 }],
  ])('refuses a tokenizer that %s', (_, change) => {
    const folder = tinyModelFolder()
    const raw = JSON.parse(new TextDecoder().decode(folder.get('tokenizer.json')))
    if ('pre_tokenizer' in change) raw.pre_tokenizer = change.pre_tokenizer
    if ('byte_fallback' in change) raw.model.byte_fallback = true
    if ('extra' in change) raw.model.vocab.beyond = change.extra
    folder.set('tokenizer.json', utf8(JSON.stringify(raw)))
    expect(() => written(folder)).toThrow(expect.objectContaining({ code: 'models/unsupported-tokenizer' }))
  })
})

describe('a GGUF adapter', () => {
  it('carries alpha and both halves of each pair, q and k with their rows interleaved', () => {
    const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i)
    const linear = 'model.layers.0.self_attn.k_proj'
    const pair = { linear, down: tensorOf(numbers(64), [2, 32]), up: tensorOf(numbers(32), [16, 2]) }
    const config = openModelFolder(tinyModelFolder()).config
    const { metadata, tensors, floats } = readGguf(
      ggufAdapterFromPeft(peftFolder({ rank: 2, alpha: 4, pairs: [pair] }, { baseModel: 'x', dropout: 0 }), config),
    )
    expect(metadata).toEqual({
      'general.type': 'adapter',
      'general.architecture': 'llama',
      'adapter.type': 'lora',
      'adapter.lora.alpha': 4,
    })
    expect(tensors.map((t) => [t.name, t.dims])).toEqual([
      ['blk.0.attn_k.weight.lora_a', [32, 2]],
      ['blk.0.attn_k.weight.lora_b', [2, 16]],
    ])
    expect(floats('blk.0.attn_k.weight.lora_a')).toEqual(numbers(64))
    expect([...floats('blk.0.attn_k.weight.lora_b')].slice(0, 6)).toEqual([0, 1, 8, 9, 2, 3])
    expect(TINY_CONFIG.num_key_value_heads).toBe(2)
  })
})
