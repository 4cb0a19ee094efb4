import { type Random, seeded } from '../random.ts'
import type { Example } from '../train/batch.ts'
import { type Episode, episodeSource } from './episodes.ts'
import { readGeneralText } from './generalText.ts'
import { pieces } from './tokenizer.ts'

/** ChatML, spelled with the special tokens' ids. */
const [END_OF_TEXT, START, END] = [0, 1, 2] as const

/** Share of rows that are general text. */
const GENERAL_SHARE = 0.2

/** Turns text that holds no special token into ids. */
export type Encode = (text: string) => readonly number[]

/** Remembers each piece's tokens, which never depend on its neighbours. */
export function remembering(encode: Encode): Encode {
  const known = new Map<string, readonly number[]>()
  return (text) =>
    pieces(text).flatMap((piece) => {
      const hit = known.get(piece)
      if (hit) return hit
      const ids = encode(piece)
      known.set(piece, ids)
      return ids
    })
}

/** The corpus: an endless, seeded stream of examples, and the general text kept aside. */
export type Corpus = {
  /** The rows of one step, whatever came before. */
  readonly rowsOf: (step: number, rows: number, length: number) => readonly (readonly Example[])[]
  readonly heldOut: (count: number, length: number) => readonly Example[]
  readonly heldOutChats: (count: number) => readonly Example[]
}

export function openCorpus(encode: Encode): Corpus {
  const general = readGeneralText()
  const episode = episodeSource(general.facts, general.names)
  const stream = generalStream(general.training, encode)
  const fill = (random: Random, length: number): readonly Example[] => {
    const items: Example[] = []
    let free = length
    if (random.next() < GENERAL_SHARE) {
      // A whole row of running text, so that the model also sees long contexts.
      return [everything(stream(random, length))]
    }
    for (let tries = 0; tries < 4 && free > 24; ) {
      const example = exampleOf(episode(random), encode)
      if (example.ids.length > free) tries++
      else {
        items.push(example)
        free -= example.ids.length
      }
    }
    return items
  }
  return {
    rowsOf(step, rows, length) {
      const random = seeded(1, step)
      return Array.from({ length: rows }, () => fill(random, length))
    },
    heldOut: (count, length) => cut(general.heldOut, encode, length).slice(0, count),
    heldOutChats(count) {
      const random = seeded(2, 0)
      return Array.from({ length: count }, () => exampleOf(episode(random), encode))
    },
  }
}

/** Text for the tokenizer: general paragraphs and as much conversation. */
export function* tokenizerText(): Generator<string> {
  const general = readGeneralText()
  const episode = episodeSource(general.facts, general.names)
  const random = seeded(3, 0)
  for (const [i, paragraph] of general.training.entries()) if (i % 3 === 0) yield paragraph
  for (let i = 0; i < 30_000; i++) {
    const e = episode(random)
    if (e.kind === 'prose') yield e.text
    else for (const m of e.messages) yield m.content
  }
}

/** An episode as tokens. Of a conversation only the assistant's words count, and the mark that ends them. */
export function exampleOf(episode: Episode, encode: Encode): Example {
  if (episode.kind === 'prose') return everything([...encode(episode.text), END_OF_TEXT])
  const ids: number[] = []
  const counts: boolean[] = []
  const push = (tokens: readonly number[], counted: boolean): void => {
    ids.push(...tokens)
    for (let i = 0; i < tokens.length; i++) counts.push(counted)
  }
  const newline = encode('\n')
  for (const { role, content } of episode.messages) {
    push([START, ...encode(`${role}\n`)], false)
    push([...encode(content), END], role === 'assistant')
    push(newline, false)
  }
  return { ids, counts }
}

const everything = (ids: readonly number[]): Example => ({ ids, counts: ids.map(() => true) })

function generalStream(paragraphs: readonly string[], encode: Encode): (random: Random, length: number) => number[] {
  const encoded = paragraphs.map((p) => Uint16Array.from([...encode(p), END_OF_TEXT]))
  return (random, length) => {
    const out: number[] = []
    for (let at = random.below(encoded.length); out.length < length; at = (at + 1) % encoded.length)
      out.push(...(encoded[at] as Uint16Array))
    return out.slice(0, length)
  }
}

function cut(paragraphs: readonly string[], encode: Encode, length: number): Example[] {
  const ids = paragraphs.flatMap((p) => [...encode(p), END_OF_TEXT])
  const out: Example[] = []
  for (let at = 0; at + length <= ids.length; at += length) out.push(everything(ids.slice(at, at + length)))
  return out
}
