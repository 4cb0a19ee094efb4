import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { remembering } from './corpus.ts'
import { pieces, trainTokenizer } from './tokenizer.ts'

const TEXTS = ['the press and the pump', 'the pump room 4821', "it's the presses' room"]
const trained = trainTokenizer(TEXTS, 280)
const tokenizer = new Tokenizer(trained, {})
const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids

describe('the tokenizer’s training', () => {
  it('merges what is frequent first, within words only', () => {
    const { model } = trainTokenizer(['xyz xyz xyz', 'ab'], 1000) as { model: { merges: string[][] } }
    expect(model.merges.map((m) => m.join(''))).toEqual(['xy', 'xyz', 'Ġxyz'])
  })

  it('gives the same vocabulary for the same text', () => {
    expect(trainTokenizer(TEXTS, 280)).toEqual(trained)
  })

  it('gives any text back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(tokenizer.decode(encode(text), { clean_up_tokenization_spaces: false })).toBe(text)
      }),
    )
  })

  it('cuts text into pieces that are tokenized alone as they are together', () => {
    const quick = remembering(encode)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(pieces(text).join('')).toBe(text)
        expect(quick(text)).toEqual(text === '' ? [] : encode(text))
      }),
    )
  })
})
