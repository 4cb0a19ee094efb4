import { utf8 } from '@allod/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tinyModelFolder } from './testing.ts'
import { openTokenizer } from './tokenizer.ts'

describe('the tokenizer', () => {
  it('gives text back', () => {
    const tokenizer = openTokenizer(tinyModelFolder())
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
      }),
    )
  })

  it('knows special tokens in text and leaves them out when it decodes', () => {
    const tokenizer = openTokenizer(tinyModelFolder())
    expect(tokenizer.encode('<|im_end|>a')[0]).toBe(2)
    expect(tokenizer.decode(tokenizer.encode('a<|im_end|>b'))).toBe('ab')
    expect(tokenizer.idOf('<|im_start|>')).toBe(1)
  })

  it.each([
    ['is not JSON', '{'],
    ['is no object', '3'],
    ['has no vocabulary', '{"model":{"type":"Unigram"},"added_tokens":[]}'],
  ])('refuses a tokenizer.json that %s', (_, text) => {
    const folder = tinyModelFolder()
    folder.set('tokenizer.json', utf8(text))
    expect(() => openTokenizer(folder)).toThrow(expect.objectContaining({ code: 'models/bad-tokenizer' }))
  })
})
