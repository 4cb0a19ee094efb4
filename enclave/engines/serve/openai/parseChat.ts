import type { ChatMessage } from '@allod/models'
import { flag, integer, list, oneOf, type Shape, text } from '@allod/protocol'
import { fail } from '../errors.ts'
import { jsonObjectGrammar, jsonSchemaToGbnf } from '../grammar/jsonSchemaToGbnf.ts'
import { type CommonRequest, parseCommon } from './common.ts'
import { fieldsOf } from './fields.ts'

export type ChatRequest = CommonRequest & {
  readonly messages: readonly ChatMessage[]
  readonly grammar: string | null
  readonly topLogprobs: number | null
}

const MAX_MESSAGES = 1024
const MAX_CHARACTERS = 1 << 20

/**
 * Parses the body of POST /v1/chat/completions.
 * @throws serve/bad-request, serve/unsupported-parameter, serve/bad-schema
 */
export function parseChat(body: unknown, randomSeed: () => number): ChatRequest {
  const fields = fieldsOf(body)
  const common = parseCommon(fields, randomSeed)
  fields.only('tools', [])
  fields.only('tool_choice', 'none', 'auto')
  fields.only('functions', [])
  fields.only('modalities', ['text'])
  fields.only('store', false)
  fields.ignore('parallel_tool_calls', 'reasoning_effort', 'verbosity')
  const messages = fields.required('messages', list(messageShape, MAX_MESSAGES, 1))
  const maxTokens = fields.optional('max_completion_tokens', integer(1, 1 << 20), null) ?? common.maxTokens
  const grammar = fields.optional('response_format', responseFormat, null)
  const wantsLogprobs = fields.optional('logprobs', flag, false)
  const top = fields.optional('top_logprobs', integer(0, 20), null)
  if (top !== null && !wantsLogprobs)
    throw fail('bad-request', { expected: 'logprobs: true', meta: { param: 'top_logprobs' } })
  fields.end()
  return { ...common, maxTokens, messages, grammar, topLogprobs: wantsLogprobs ? (top ?? 0) : null }
}

const messageShape: Shape<ChatMessage> = (v, path) => {
  const fields = fieldsOf(v, path)
  const role = fields.required('role', oneOf('system', 'developer', 'user', 'assistant'))
  const content = fields.required('content', contentShape)
  fields.ignore('name', 'refusal', 'annotations', 'audio')
  fields.only('tool_calls', [])
  fields.end()
  return { role: role === 'developer' ? 'system' : role, content }
}

const contentShape: Shape<string> = (v, path) =>
  Array.isArray(v) ? list(partShape, 256)(v, path).join('') : text(MAX_CHARACTERS)(v, path)

const partShape: Shape<string> = (v, path) => {
  const fields = fieldsOf(v, path)
  fields.only('type', 'text')
  return fields.required('text', text(MAX_CHARACTERS))
}

const responseFormat: Shape<string | null> = (v, path) => {
  const fields = fieldsOf(v, path)
  const type = fields.required('type', oneOf('text', 'json_object', 'json_schema'))
  if (type === 'text') return null
  if (type === 'json_object') return jsonObjectGrammar()
  return fields.required('json_schema', (given, at) => {
    const inner = fieldsOf(given, at)
    inner.ignore('name', 'description', 'strict')
    return inner.required('schema', jsonSchemaToGbnf)
  })
}
