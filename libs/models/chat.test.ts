import { isAllodError, utf8 } from '@allod/protocol'
import { describe, expect, it } from 'vitest'
import { type ChatMessage, openChatFormat } from './chat.ts'
import { tinyModelFolder } from './testing.ts'
import { openTokenizer } from './tokenizer.ts'

const CHAT: readonly ChatMessage[] = [
  { role: 'system', content: 'be kind' },
  { role: 'user', content: 'hi' },
  { role: 'assistant', content: 'hello' },
  { role: 'user', content: 'and?' },
  { role: 'assistant', content: 'no more' },
]

function open(template?: string | null) {
  const folder = tinyModelFolder()
  if (template !== undefined) folder.set('tokenizer_config.json', utf8(JSON.stringify({ chat_template: template })))
  const tokenizer = openTokenizer(folder)
  const engine = openChatFormat(folder, tokenizer, [2, 0])
  const counted = (messages: readonly ChatMessage[]): string => {
    const { ids, counts } = engine.tokens(messages)
    return ids.map((id, i) => (counts[i] ? (id === 2 ? '<end>' : tokenizer.decode([id])) : '')).join('')
  }
  return { tokenizer, engine, counted }
}

describe('the chat format', () => {
  it('counts exactly what the assistant says and the mark that ends it', () => {
    expect(open().counted(CHAT)).toBe('hello<end>no more<end>')
  })

  it('has the same tokens as the template rendered in one piece', () => {
    const { tokenizer, engine } = open()
    const text = CHAT.map((m) => `<|im_start|>${m.role}\n${m.content}<|im_end|>\n`).join('')
    expect(engine.tokens(CHAT).ids).toEqual(tokenizer.encode(text))
  })

  it('prompts up to where the assistant begins', () => {
    const { tokenizer, engine } = open()
    const whole = engine.tokens(CHAT.slice(0, 3)).ids
    const prompt = engine.prompt(CHAT.slice(0, 2))
    expect(whole.slice(0, prompt.length)).toEqual(prompt)
    expect(tokenizer.decode(whole.slice(prompt.length))).toBe('hello\n')
  })

  it('manages without a template', () => {
    const { counted, engine } = open(null)
    expect(counted(CHAT)).toBe('hello<end>no more<end>')
    expect(engine.prompt(CHAT.slice(0, 2))).toEqual(engine.tokens(CHAT.slice(0, 3)).ids.slice(0, 11))
  })

  it.each([
    ['that does not parse', '{% for %}'],
    ['that rewrites what it said before', '{{ messages|length }}{{ messages[0].content }}'],
    ['that fails on a conversation', "{{ raise_exception('no system messages') }}"],
  ])('refuses a template %s', (_, template) => {
    let code = ''
    try {
      open(template).engine.tokens(CHAT)
    } catch (error) {
      if (isAllodError(error)) code = error.code
    }
    expect(code).toBe('models/bad-chat-template')
  })
})
