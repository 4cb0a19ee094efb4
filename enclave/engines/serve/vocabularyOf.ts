import { type Folder, type ModelConfig, openChatFormat, openTokenizer, readTokenizerFiles } from '@allod/models'
import { utf8 } from '@allod/protocol'
import { fail } from './errors.ts'
import type { Vocabulary } from './served.ts'

const NOTHING = new Uint8Array(0)

/**
 * The words of a model folder with a byte-level tokenizer.
 * @throws models/bad-tokenizer, models/bad-chat-template, models/file-missing
 */
export function vocabularyOf(folder: Folder, { vocabularySize: size, eosTokens }: ModelConfig): Vocabulary {
  const { tokenizer } = readTokenizerFiles(folder)
  const words = openTokenizer(folder)
  const format = openChatFormat(folder, words, eosTokens)
  const bytes = new Array<Uint8Array>(size).fill(NOTHING)
  const control = new Map<number, string>()
  for (const [word, id] of Object.entries(tokenizer.model.vocab)) if (id < size) bytes[id] = bytesOfWord(word)
  for (const { id, content, special } of tokenizer.added_tokens) {
    if (id >= size) continue
    bytes[id] = special ? NOTHING : utf8(content)
    if (special) control.set(id, content)
  }
  // A token may be half of a character: its name then shows U+FFFD, its bytes are exact.
  const lossy = new TextDecoder('utf-8', { ignoreBOM: true })
  const bytesOf = (token: number): Uint8Array => bytes[token] ?? NOTHING
  return {
    size,
    chat(messages) {
      try {
        return format.prompt(messages)
      } catch (cause) {
        throw fail('bad-template', { cause })
      }
    },
    plain: words.encode,
    bytesOf,
    nameOf: (token) => control.get(token) ?? lossy.decode(bytesOf(token)),
  }
}

/** Byte-level BPE writes each byte as a printable character; this is the way back. */
const BYTE_OF: ReadonlyMap<string, number> = new Map(
  (() => {
    const isPrintable = (b: number): boolean =>
      (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255)
    let next = 256
    return Array.from({ length: 256 }, (_, b) => [String.fromCodePoint(isPrintable(b) ? b : next++), b] as const)
  })(),
)

function bytesOfWord(word: string): Uint8Array {
  const bytes = Array.from(word, (character) => BYTE_OF.get(character))
  return bytes.every((b) => b !== undefined) ? Uint8Array.from(bytes) : utf8(word)
}
