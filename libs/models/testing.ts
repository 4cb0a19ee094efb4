import { utf8 } from '@allod/protocol'
import type { Folder } from './folder.ts'
import { parseModelConfig, tensorShapes } from './modelConfig.ts'
import { type Tensor, tensorOf, writeSafetensors } from './safetensors.ts'

/** Changes to the tiny model's `config.json`. */
export type TinyModelOptions = { readonly config?: Readonly<Record<string, unknown>>; readonly type?: 'F32' | 'F16' }

const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']

const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

/** `config.json` of the tiny model. */
export const TINY_CONFIG = {
  architectures: ['LlamaForCausalLM'],
  vocab_size: 264,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: 128,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 2,
} as const

/** A complete model folder of a few kilobytes for tests: random weights, a byte-level tokenizer, a ChatML template. */
export function tinyModelFolder(options: TinyModelOptions = {}): Map<string, Uint8Array> {
  const config = utf8(JSON.stringify({ ...TINY_CONFIG, ...options.config }))
  const tensors = new Map<string, Tensor>()
  const random = numbers()
  for (const [name, shape] of tensorShapes(parseModelConfig(config))) {
    const size = shape.reduce((a, b) => a * b, 1)
    const centre = /norm/.test(name) ? 1 : 0
    tensors.set(
      name,
      tensorOf(
        Float32Array.from({ length: size }, () => centre + 0.6 * (random() - 0.5)),
        shape,
        options.type,
      ),
    )
  }
  return new Map([
    ['config.json', config],
    ['tokenizer.json', utf8(JSON.stringify(byteTokenizer()))],
    [
      'tokenizer_config.json',
      utf8(
        JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast', eos_token: '<|im_end|>', chat_template: CHATML }),
      ),
    ],
    ['model.safetensors', writeSafetensors(tensors)],
  ]) satisfies Folder
}

/** Bytes as tokens, and a few merges so that text is shorter than its bytes. */
function byteTokenizer(): object {
  let next = 256
  const alphabet = Array.from({ length: 256 }, (_, b) => {
    const prints = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174
    return String.fromCodePoint(prints ? b : next++)
  })
  const merges = [
    ['t', 'h'],
    ['th', 'e'],
    ['Ġ', 'the'],
    ['e', 'r'],
    ['o', 'n'],
  ]
  const tokens = [...SPECIAL, ...alphabet, ...merges.map((m) => m.join(''))]
  return {
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((t, i) => [t, i])), merges },
  }
}

function numbers(): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
