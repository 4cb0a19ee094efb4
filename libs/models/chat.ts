import { errorsOf } from '@allod/protocol'
import { Template } from '@huggingface/jinja'
import type { Folder } from './folder.ts'
import { readTokenizerFiles, type Tokenizer } from './tokenizer.ts'

export type ChatRole = 'system' | 'user' | 'assistant'
export type ChatMessage = { readonly role: ChatRole; readonly content: string }

/** A conversation as a model reads it: its tokens, and which of them the assistant wrote. */
export type ChatTokens = { readonly ids: readonly number[]; readonly counts: readonly boolean[] }

/** Turns conversations into tokens as the model's own chat template says. */
export type ChatFormat = {
  /** The whole conversation, to learn from. @throws models/bad-chat-template */
  readonly tokens: (messages: readonly ChatMessage[]) => ChatTokens
  /** The conversation up to where the assistant answers. @throws models/bad-chat-template */
  readonly prompt: (messages: readonly ChatMessage[]) => readonly number[]
}

const fail = errorsOf('models', {
  'bad-chat-template': [
    'the chat template cannot render a conversation turn by turn',
    'use a template whose text only grows with each message, such as ChatML',
  ],
})

/**
 * The chat format of a model folder. Without a template each message is followed by a new line, and the assistant's by
 * the end token.
 * @param eosTokens of the model; the assistant's turn counts up to and including the first that it meets
 */
export function openChatFormat(folder: Folder, tokenizer: Tokenizer, eosTokens: readonly number[]): ChatFormat {
  const { chatTemplate, settings } = readTokenizerFiles(folder)
  const render = chatTemplate === null ? null : renderer(chatTemplate, settings)
  const end = eosTokens[0]
  return {
    tokens(messages) {
      const ids: number[] = []
      const counts: boolean[] = []
      for (const { text, counted } of render ? turns(messages, render) : plainTurns(messages)) {
        const tokens = [...tokenizer.encode(text)]
        if (counted && !render && end !== undefined) tokens.push(end)
        const last = counted ? tokens.findLastIndex((t) => eosTokens.includes(t)) : -1
        for (const [i, token] of tokens.entries()) {
          ids.push(token)
          counts.push(counted && (last < 0 || i <= last))
        }
      }
      return { ids, counts }
    },
    prompt: (messages) =>
      tokenizer.encode(
        render
          ? render(messages, true)
          : plainTurns(messages)
              .map((t) => t.text)
              .join(''),
      ),
  }
}

type Render = (messages: readonly ChatMessage[], forAnswer: boolean) => string
type Turn = { readonly text: string; readonly counted: boolean }

function renderer(template: string, settings: Readonly<Record<string, unknown>>): Render {
  const text = (key: string): string => {
    const value = settings[key]
    if (typeof value === 'string') return value
    const content = (value as { content?: unknown } | null | undefined)?.content
    return typeof content === 'string' ? content : ''
  }
  try {
    const compiled = new Template(template)
    const fixed = { bos_token: text('bos_token'), eos_token: text('eos_token') }
    return (messages, forAnswer) => {
      try {
        return compiled.render({ messages, add_generation_prompt: forAnswer, ...fixed })
      } catch (cause) {
        throw fail('bad-chat-template', { cause })
      }
    }
  } catch (cause) {
    throw fail('bad-chat-template', { cause })
  }
}

/** What each message adds to the text; an assistant's begins after the words that invite its answer. */
function turns(messages: readonly ChatMessage[], render: Render): Turn[] {
  const out: Turn[] = []
  let done = ''
  const grow = (text: string, counted: boolean): void => {
    if (!text.startsWith(done)) throw fail('bad-chat-template', { meta: { message: out.length } })
    if (text.length > done.length) out.push({ text: text.slice(done.length), counted })
    done = text
  }
  for (const [i, message] of messages.entries()) {
    if (message.role !== 'assistant') continue
    grow(render(messages.slice(0, i), true), false)
    grow(render(messages.slice(0, i + 1), false), true)
  }
  return out
}

const plainTurns = (messages: readonly ChatMessage[]): Turn[] =>
  messages.map(({ role, content }) => ({
    text: role === 'assistant' ? content : `${content}\n`,
    counted: role === 'assistant',
  }))
