import { utf8 } from '@allod/protocol'

/** What a chat template writes around each message at most. */
const MESSAGE_TOKENS = 16
/** What it writes once: a system message of its own, and the words that invite the answer. */
const TEMPLATE_TOKENS = 32
/** Fields that an engine might write into a prompt in words nobody here can count. */
const UNCOUNTED = ['tools', 'functions', 'response_format', 'suffix']
const COUNTED = ['role', 'content', 'name']

/**
 * How many tokens a request's prompts have at most: one for each byte of a text, as byte-level tokenizers have it, one for
 * each token id, and what a template adds.
 * @param otherwise what it is where the request has a shape that is not known here
 */
export function promptTokens(body: Readonly<Record<string, unknown>>, path: string, otherwise: number): number {
  const isKnown = UNCOUNTED.every((name) => isNothing(body[name]))
  const most =
    path === '/v1/chat/completions'
      ? TEMPLATE_TOKENS + sum(body.messages, ofMessage)
      : ofPrompts(path === '/v1/embeddings' ? body.input : body.prompt)
  return isKnown && !Number.isNaN(most) ? most : otherwise
}

// NaN is what cannot be counted, and so is every sum with it.
function ofMessage(message: unknown): number {
  if (typeof message !== 'object' || message === null) return Number.NaN
  const { role, content, name } = message as Readonly<Record<string, unknown>>
  const isKnown = Object.entries(message).every(([key, value]) => COUNTED.includes(key) || isNothing(value))
  const ofContent = Array.isArray(content) ? sum(content, ofPart) : ofText(content)
  return isKnown ? MESSAGE_TOKENS + ofText(role) + ofText(name ?? '') + ofContent : Number.NaN
}

function ofPart(part: unknown): number {
  const { type, text } = (part ?? {}) as Readonly<Record<string, unknown>>
  return type === 'text' ? ofText(text) : Number.NaN
}

const ofPrompts = (given: unknown): number =>
  isIds(given)
    ? given.length
    : Array.isArray(given)
      ? sum(given, (v) => (isIds(v) ? v.length : ofText(v)))
      : ofText(given)

// A tokenizer may compose letters first, which makes some longer, and may put a space before a text.
const ofText = (text: unknown): number =>
  typeof text === 'string' ? 1 + Math.max(utf8(text).length, utf8(text.normalize('NFC')).length) : Number.NaN

const sum = (list: unknown, of: (item: unknown) => number): number =>
  Array.isArray(list) && list.length > 0 ? list.reduce((all: number, item) => all + of(item), 0) : Number.NaN

const isIds = (given: unknown): given is readonly number[] =>
  Array.isArray(given) && given.length > 0 && given.every((id) => typeof id === 'number')

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
