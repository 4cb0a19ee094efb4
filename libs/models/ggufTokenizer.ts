import { errorsOf } from '@allod/protocol'
import type { Folder } from './folder.ts'
import type { GgufValue } from './ggufFile.ts'
import type { ModelConfig } from './modelConfig.ts'
import { type RawTokenizer, readTokenizerFiles } from './tokenizer.ts'

const fail = errorsOf('models', {
  'unsupported-tokenizer': [
    'the tokenizer cuts text in a way that llama.cpp has no name for',
    'serve a model with a byte-level BPE tokenizer (GPT-2, SmolLM2, Llama 3, Qwen2)',
  ],
})

const LLAMA3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
const QWEN2 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

const NORMAL = 1
const CONTROL = 3
const USER_DEFINED = 4
const UNUSED = 5

/**
 * The tokenizer's part of a GGUF file's metadata.
 * @throws models/unsupported-tokenizer
 */
export function ggufTokenizer(folder: Folder, config: ModelConfig): ReadonlyMap<string, GgufValue> {
  const { tokenizer, settings, chatTemplate } = readTokenizerFiles(folder)
  const { tokens, types } = vocabulary(tokenizer, config.vocabularySize)
  const text = (value: string): GgufValue => ({ kind: 'text', value })
  const out = new Map<string, GgufValue>([
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(preTokenizer(tokenizer))],
    ['tokenizer.ggml.tokens', { kind: 'texts', value: tokens }],
    ['tokenizer.ggml.token_type', { kind: 'i32s', value: types }],
    [
      'tokenizer.ggml.merges',
      { kind: 'texts', value: tokenizer.model.merges.map((m) => (typeof m === 'string' ? m : m.join(' '))) },
    ],
    ['tokenizer.ggml.add_bos_token', { kind: 'flag', value: settings.add_bos_token === true }],
  ])
  const id = (key: string, value: number | null | undefined): void => {
    if (typeof value === 'number') out.set(`tokenizer.ggml.${key}`, { kind: 'u32', value })
  }
  id('bos_token_id', config.bosToken)
  id('eos_token_id', config.eosTokens[0])
  if (chatTemplate !== null) out.set('tokenizer.chat_template', text(chatTemplate))
  return out
}

function vocabulary(tokenizer: RawTokenizer, size: number): { tokens: string[]; types: number[] } {
  const tokens = Array.from({ length: size }, (_, i) => `[PAD${i}]`)
  const types = new Array<number>(size).fill(UNUSED)
  const place = (token: string, id: number, type: number): void => {
    if (!Number.isSafeInteger(id) || id < 0 || id >= size)
      throw fail('unsupported-tokenizer', { expected: `ids below ${size}`, actual: id })
    tokens[id] = token
    types[id] = type
  }
  for (const [token, id] of Object.entries(tokenizer.model.vocab)) place(token, id, NORMAL)
  for (const added of tokenizer.added_tokens) place(added.content, added.id, added.special ? CONTROL : USER_DEFINED)
  return { tokens, types }
}

/** llama.cpp knows ways of cutting text by name only. */
function preTokenizer(tokenizer: RawTokenizer): string {
  const outer = tokenizer.pre_tokenizer
  const steps = outer?.type === 'Sequence' ? (outer.pretokenizers ?? []) : outer ? [outer] : []
  const shape = steps.map((s) => s.type).join('+')
  const pattern = steps[0]?.pattern?.Regex
  const plain = steps.at(-1)?.use_regex !== false && steps.at(-1)?.add_prefix_space !== true
  if (tokenizer.model.type === 'BPE' && !tokenizer.model.byte_fallback) {
    if (shape === 'ByteLevel' && plain) return 'gpt-2'
    if (shape === 'Digits+ByteLevel' && plain && steps[0]?.individual_digits) return 'smollm'
    if (shape === 'Split+ByteLevel' && pattern === LLAMA3) return 'llama-bpe'
    if (shape === 'Split+ByteLevel' && pattern === QWEN2) return 'qwen2'
  }
  throw fail('unsupported-tokenizer', { actual: `${tokenizer.model.type}: ${shape} ${pattern ?? ''}`.slice(0, 200) })
}
