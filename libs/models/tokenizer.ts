import { errorsOf, fromUtf8 } from '@allod/protocol'
import { Tokenizer as Engine } from '@huggingface/tokenizers'
import type { Folder } from './folder.ts'
import { fileOf } from './modelFolder.ts'

/** What `tokenizer.json` holds, as far as this project looks into it. */
export type RawTokenizer = {
  readonly added_tokens: readonly { readonly id: number; readonly content: string; readonly special: boolean }[]
  readonly pre_tokenizer: PreTokenizer | null
  readonly model: {
    readonly type: string
    readonly byte_fallback?: boolean
    readonly vocab: Readonly<Record<string, number>>
    readonly merges: readonly (string | readonly [string, string])[]
  }
}

type PreTokenizer = {
  readonly type: string
  readonly pretokenizers?: readonly PreTokenizer[]
  readonly pattern?: { readonly Regex?: string }
  readonly use_regex?: boolean
  readonly add_prefix_space?: boolean
  readonly individual_digits?: boolean
}

export type TokenizerFiles = {
  readonly tokenizer: RawTokenizer
  readonly settings: Readonly<Record<string, unknown>>
  readonly chatTemplate: string | null
}

/** Text to tokens and back. */
export type Tokenizer = {
  /** Tokens of text; special tokens written in it are recognised, none are added. */
  readonly encode: (text: string) => readonly number[]
  /** Text of tokens; special ones are left out. */
  readonly decode: (ids: readonly number[]) => string
  readonly idOf: (token: string) => number | undefined
}

const fail = errorsOf('models', {
  'bad-tokenizer': ['a tokenizer file is malformed', 'download the model folder again'],
})

const MAX_BYTES = 64 << 20

/**
 * The tokenizer of a model folder.
 * @throws models/bad-tokenizer, models/file-missing
 */
export function openTokenizer(folder: Folder): Tokenizer {
  const { tokenizer, settings } = readTokenizerFiles(folder)
  let engine: Engine
  try {
    engine = new Engine(tokenizer, settings)
  } catch (cause) {
    throw fail('bad-tokenizer', { cause })
  }
  return {
    encode: (text) => engine.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) =>
      ids.length === 0
        ? ''
        : engine.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    idOf: (token) => engine.token_to_id(token),
  }
}

/** The tokenizer's files, parsed. @throws models/bad-tokenizer, models/file-missing */
export function readTokenizerFiles(folder: Folder): TokenizerFiles {
  const tokenizer = parsed(fileOf(folder, 'tokenizer.json')) as RawTokenizer
  const { model, added_tokens: added } = tokenizer
  if (typeof model?.vocab !== 'object' || !Array.isArray(model.merges) || !Array.isArray(added))
    throw fail('bad-tokenizer', { expected: 'a BPE model with vocab, merges and added_tokens', actual: model?.type })
  const bytes = folder.get('tokenizer_config.json')
  const settings = (bytes ? parsed(bytes) : {}) as Readonly<Record<string, unknown>>
  const apart = folder.get('chat_template.jinja')
  const given = apart ? fromUtf8(apart) : settings.chat_template
  return { tokenizer, settings, chatTemplate: typeof given === 'string' ? given : null }
}

function parsed(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_BYTES)
    throw fail('bad-tokenizer', { expected: `at most ${MAX_BYTES} bytes`, actual: bytes.length })
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes))
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw fail('bad-tokenizer', { cause })
  }
  throw fail('bad-tokenizer', { expected: 'object' })
}
