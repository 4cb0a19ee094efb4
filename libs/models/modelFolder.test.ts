import { isAllodError, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { openModelFolder } from './modelFolder.ts'
import { readSafetensors, type Tensor, tensorOf, writeSafetensors } from './safetensors.ts'
import { tinyModelFolder } from './testing.ts'

type Change = (folder: Map<string, Uint8Array>) => void

function refusal(change: Change): string {
  const folder = tinyModelFolder()
  change(folder)
  try {
    openModelFolder(folder)
  } catch (error) {
    if (isAllodError(error)) return error.code
    throw error
  }
  return 'accepted'
}

/** Changes the weights of a folder. */
const weights =
  (change: (tensors: Map<string, Tensor>) => void): Change =>
  (folder) => {
    const tensors = new Map(readSafetensors(folder.get('model.safetensors') as Uint8Array))
    change(tensors)
    folder.set('model.safetensors', writeSafetensors(tensors))
  }

const one = tensorOf(Float32Array.of(1), [1])

describe('a model folder', () => {
  it('opens with all its tensors', () => {
    const model = openModelFolder(tinyModelFolder())
    expect(model.tensors.size).toBe(20)
    expect(model.config.layers).toBe(2)
  })

  it('opens when its weights lie in several files', () => {
    const folder = tinyModelFolder()
    const all = [...readSafetensors(folder.get('model.safetensors') as Uint8Array)]
    folder.delete('model.safetensors')
    folder.set('a.safetensors', writeSafetensors(new Map(all.slice(0, 7))))
    folder.set('b.safetensors', writeSafetensors(new Map(all.slice(7))))
    const weightMap = Object.fromEntries(all.map(([name], i) => [name, i < 7 ? 'a.safetensors' : 'b.safetensors']))
    folder.set('model.safetensors.index.json', utf8(JSON.stringify({ weight_map: weightMap })))
    expect(openModelFolder(folder).tensors.size).toBe(20)
  })

  it('may carry a copy of a tied head and old rotary tables', () => {
    const change = weights((t) => {
      t.set('lm_head.weight', one)
      t.set('model.layers.0.self_attn.rotary_emb.inv_freq', one)
    })
    expect(refusal(change)).toBe('accepted')
  })

  it.each(['pytorch_model.bin', 'weights.pt', 'old/model.pkl', 'x.CKPT'])('refuses the pickle %s', (name) => {
    expect(refusal((f) => f.set(name, new Uint8Array(3)))).toBe('models/pickle-refused')
  })

  it.each<[string, string, Change]>([
    ['no config', 'models/file-missing', (f) => f.delete('config.json')],
    ['no weights', 'models/file-missing', (f) => f.delete('model.safetensors')],
    ['no tokenizer', 'models/tokenizer-missing', (f) => f.delete('tokenizer.json')],
    ['an index without its map', 'models/file-missing', (f) => f.set('model.safetensors.index.json', utf8('{}'))],
    ['an index that is no JSON', 'models/file-missing', (f) => f.set('model.safetensors.index.json', utf8('{'))],
    ['a tensor too few', 'models/tensor-missing', weights((t) => t.delete('model.norm.weight'))],
    ['a tensor too many', 'models/tensor-unexpected', weights((t) => t.set('model.extra', one))],
    ['a tensor of another shape', 'models/tensor-shape', weights((t) => t.set('model.norm.weight', one))],
  ])('refuses %s', (_, code, change) => {
    expect(refusal(change)).toBe(code)
  })
})
