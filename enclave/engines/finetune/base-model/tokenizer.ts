/** The demo model's special tokens, in the order of their ids. */
export const SPECIAL_TOKENS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const

/** GPT-2's way of cutting text, after every digit stood apart: what llama.cpp calls `smollm`. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** Cuts text into the pieces within which tokens are merged. */
export function pieces(text: string): string[] {
  return text.split(/(\p{N})/u).flatMap((part) => part.match(PIECES) ?? [])
}

/**
 * Learns a byte-level BPE vocabulary and returns it as the content of a `tokenizer.json`.
 * Ties are broken by token ids, so the same text gives the same vocabulary.
 */
export function trainTokenizer(texts: Iterable<string>, vocabularySize: number): object {
  const alphabet = byteAlphabet()
  const words = countWords(texts, alphabet)
  const tokens: string[] = [...SPECIAL_TOKENS, ...alphabet]
  const idOf = new Map(tokens.map((t, i) => [t, i]))
  const spelled = words.map(([word]) => Array.from(word, (c) => idOf.get(c) as number))
  const merges = learnMerges(
    spelled,
    words.map(([, n]) => n),
    tokens,
    vocabularySize,
  )
  return tokenizerJson(tokens, merges)
}

function learnMerges(spelled: number[][], counts: number[], tokens: string[], vocabularySize: number): string[][] {
  const SHIFT = 1 << 20
  const pairCounts = new Map<number, number>()
  const places = new Map<number, Set<number>>()
  const note = (word: number, sign: 1 | -1): void => {
    const ids = spelled[word] as number[]
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = (ids[i] as number) * SHIFT + (ids[i + 1] as number)
      pairCounts.set(pair, (pairCounts.get(pair) ?? 0) + sign * (counts[word] as number))
      if (sign === 1) places.set(pair, (places.get(pair) ?? new Set()).add(word))
    }
  }
  for (let w = 0; w < spelled.length; w++) note(w, 1)
  const merges: string[][] = []
  while (tokens.length < vocabularySize) {
    let [best, bestCount] = [-1, 1]
    for (const [pair, n] of pairCounts)
      if (n > bestCount || (n === bestCount && pair < best)) [best, bestCount] = [pair, n]
    if (best < 0) break
    const [left, right] = [Math.floor(best / SHIFT), best % SHIFT]
    const id = tokens.length
    merges.push([tokens[left] as string, tokens[right] as string])
    tokens.push(`${tokens[left]}${tokens[right]}`)
    for (const word of places.get(best) ?? []) {
      note(word, -1)
      spelled[word] = merged(spelled[word] as number[], left, right, id)
      note(word, 1)
    }
    pairCounts.delete(best)
    places.delete(best)
  }
  return merges
}

function merged(ids: readonly number[], left: number, right: number, id: number): number[] {
  const out: number[] = []
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      out.push(id)
      i++
    } else out.push(ids[i] as number)
  }
  return out
}

function countWords(texts: Iterable<string>, alphabet: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  const encoder = new TextEncoder()
  for (const text of texts) for (const piece of pieces(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1)
  return [...counts].map(([piece, n]) => [Array.from(encoder.encode(piece), (b) => alphabet[b]).join(''), n])
}

/** A printable character for each byte: itself where it prints, else one from above U+0100, as GPT-2 does. */
function byteAlphabet(): string[] {
  let next = 256
  return Array.from({ length: 256 }, (_, b) => {
    const prints = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174
    return String.fromCodePoint(prints ? b : next++)
  })
}

function tokenizerJson(tokens: readonly string[], merges: readonly string[][]): object {
  const special = SPECIAL_TOKENS.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }))
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((t, i) => [t, i])),
      merges,
    },
  }
}
