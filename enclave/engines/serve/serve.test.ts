import type OpenAI from 'openai'
import { APIError } from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startTiny } from './testing/startTiny.ts'

let engine: Running
let client: OpenAI

beforeAll(async () => {
  engine = await startTiny({ logprobs: true, embeddings: true, maxQueue: 4, maxTokens: 256 })
  client = engine.client
})
afterAll(() => engine.stop())

const messages = [{ role: 'user' as const, content: 'what is the price of the lease?' }]
const ask = { model: 'base', messages, max_tokens: 24 }

async function failure(promise: Promise<unknown>): Promise<{ status: number; code: string; param: unknown }> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (!(error instanceof APIError)) throw new Error(`not an API error: ${String(error)}`)
  return { status: error.status, code: String(error.code), param: error.param }
}

test('answers a chat with text, a reason to end, and usage', async () => {
  const answer = await client.chat.completions.create({ ...ask, temperature: 0 })
  const [choice] = answer.choices
  expect(choice?.message.role).toBe('assistant')
  expect(choice?.message.content?.length).toBeGreaterThan(0)
  expect(['stop', 'length']).toContain(choice?.finish_reason)
  expect(answer.object).toBe('chat.completion')
  expect(answer.usage?.total_tokens).toBe((answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0))
})

test('a stream says the same as a whole answer, in more than one piece', async () => {
  const whole = await client.chat.completions.create({ ...ask, temperature: 0 })
  const stream = await client.chat.completions.create({
    ...ask,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  })
  const pieces: string[] = []
  let usage: unknown
  let finish: unknown
  for await (const chunk of stream) {
    if (chunk.usage) usage = chunk.usage
    for (const choice of chunk.choices) {
      if (choice.delta.content) pieces.push(choice.delta.content)
      finish = choice.finish_reason ?? finish
    }
  }
  expect(pieces.join('')).toBe(whole.choices[0]?.message.content)
  expect(pieces.length).toBeGreaterThan(1)
  expect(finish).toBe(whole.choices[0]?.finish_reason)
  expect(usage).toEqual(whole.usage)
})

test('temperature 0 is greedy: every seed gives the same answer', async () => {
  const [a, b] = await Promise.all(
    [1, 2].map((seed) => client.chat.completions.create({ ...ask, temperature: 0, seed })),
  )
  expect(a?.choices[0]?.message.content).toBe(b?.choices[0]?.message.content)
})

test('the same seed gives the same answer, another seed another', async () => {
  const say = async (seed: number) =>
    (await client.chat.completions.create({ ...ask, temperature: 1, seed })).choices[0]?.message.content
  const first = await say(7)
  expect(await say(7)).toBe(first)
  expect(await say(8)).not.toBe(first)
})

test('top_p near 0 leaves only the likeliest token', async () => {
  const greedy = await client.chat.completions.create({ ...ask, temperature: 0 })
  const narrow = await client.chat.completions.create({ ...ask, temperature: 1, top_p: 0.0001, seed: 3 })
  expect(narrow.choices[0]?.message.content).toBe(greedy.choices[0]?.message.content)
})

test('a stop string ends the answer and is not part of it', async () => {
  const whole = (await client.chat.completions.create({ ...ask, temperature: 0, max_tokens: 16 })).choices[0]
  const content = whole?.message.content ?? ''
  const stop = content.slice(4, 6)
  const cut = await client.chat.completions.create({ ...ask, temperature: 0, max_tokens: 16, stop: [stop] })
  expect(cut.choices[0]?.message.content).toBe(content.slice(0, content.indexOf(stop)))
  expect(cut.choices[0]?.finish_reason).toBe('stop')
})

test('max_tokens and max_completion_tokens bound the answer', async () => {
  const two = await client.chat.completions.create({
    model: 'base',
    messages,
    temperature: 0,
    max_completion_tokens: 2,
  })
  expect(two.usage?.completion_tokens).toBe(2)
  expect(two.choices[0]?.finish_reason).toBe('length')
})

test('log probabilities are those of the softmax: chosen first under greedy, falling, summing to at most 1', async () => {
  const answer = await client.chat.completions.create({ ...ask, temperature: 0, logprobs: true, top_logprobs: 5 })
  const tokens = answer.choices[0]?.logprobs?.content ?? []
  expect(tokens.length).toBe(answer.usage?.completion_tokens)
  for (const token of tokens) {
    const top = token.top_logprobs.map((t) => t.logprob)
    expect(top).toHaveLength(5)
    expect(token.logprob).toBe(top[0])
    expect([...top].sort((a, b) => b - a)).toEqual(top)
    const sum = top.reduce((n, l) => n + Math.exp(l), 0)
    expect(sum).toBeLessThanOrEqual(1 + 1e-6)
  }
  const bytes = Uint8Array.from(tokens.flatMap((t) => t.bytes ?? []))
  expect(new TextDecoder().decode(bytes)).toBe(answer.choices[0]?.message.content)
})

test('a JSON schema is kept, whatever the model would rather say', async () => {
  const schema = {
    type: 'object',
    properties: { colour: { enum: ['red', 'grün'] }, count: { type: 'integer' }, ok: { type: 'boolean' } },
    required: ['colour', 'ok'],
    additionalProperties: false,
  }
  for (const seed of [1, 2, 3]) {
    const answer = await client.chat.completions.create({
      model: 'base',
      messages,
      temperature: 1,
      seed,
      response_format: { type: 'json_schema', json_schema: { name: 'thing', strict: true, schema } },
    })
    const value = JSON.parse(answer.choices[0]?.message.content ?? '') as { colour: string; ok: unknown }
    expect(['red', 'grün']).toContain(value.colour)
    expect(typeof value.ok).toBe('boolean')
  }
})

test('json_object gives an object, or the beginning of one where tokens run out', async () => {
  const answer = await client.chat.completions.create({
    ...ask,
    temperature: 1,
    seed: 5,
    response_format: { type: 'json_object' },
  })
  const { message, finish_reason: finish } = answer.choices[0] ?? {}
  expect(message?.content?.startsWith('{')).toBe(true)
  if (finish === 'stop') expect(typeof JSON.parse(message?.content ?? '')).toBe('object')
})

test('several choices differ, and repeat with the seed', async () => {
  const say = async () =>
    (await client.chat.completions.create({ ...ask, temperature: 1, seed: 11, n: 3 })).choices.map(
      (c) => c.message.content,
    )
  const first = await say()
  expect(new Set(first).size).toBe(3)
  expect(await say()).toEqual(first)
})

test('a logit bias of -100 bans a token', async () => {
  const plain = await client.completions.create({
    model: 'base',
    prompt: 'the',
    max_tokens: 1,
    temperature: 0,
    logprobs: 1,
  })
  const word = plain.choices[0]?.logprobs?.tokens?.[0] ?? ''
  const banned = await client.completions.create({
    model: 'base',
    prompt: 'the',
    max_tokens: 1,
    temperature: 0,
    logprobs: 1,
    logit_bias: Object.fromEntries(engine.tokensNamed(word).map((id) => [String(id), -100])),
  })
  expect(banned.choices[0]?.logprobs?.tokens?.[0]).not.toBe(word)
})

test('a frequency penalty makes an answer repeat itself less', async () => {
  const distinct = async (penalty: number) => {
    const answer = await client.completions.create({
      model: 'base',
      prompt: 'a',
      max_tokens: 120,
      temperature: 0,
      logprobs: 0,
      frequency_penalty: penalty,
      logit_bias: engine.endless,
    })
    return new Set(answer.choices[0]?.logprobs?.tokens).size
  }
  expect(await distinct(2)).toBeGreaterThan(await distinct(0))
})

test('plain completions go on from text and from token ids alike', async () => {
  const prompt = 'the owner seals'
  const ids = engine.encode(prompt)
  const both = await client.completions.create({
    model: 'base',
    prompt: [prompt, prompt],
    max_tokens: 8,
    temperature: 0,
  })
  const fromIds = await client.completions.create({ model: 'base', prompt: ids, max_tokens: 8, temperature: 0 })
  expect(both.choices.map((c) => c.text)).toEqual([fromIds.choices[0]?.text, fromIds.choices[0]?.text])
})

test('eight requests at once get what each would get alone', async () => {
  const prompts = Array.from({ length: 8 }, (_, i) => `${'the machine in hall '.repeat(i + 1)}${i}`)
  const say = async (content: string) =>
    (await client.chat.completions.create({ ...ask, messages: [{ role: 'user', content }], temperature: 0 })).choices[0]
      ?.message.content
  const together = await Promise.all(prompts.map(say))
  const alone: unknown[] = []
  for (const prompt of prompts) alone.push(await say(prompt))
  expect(together).toEqual(alone)
})

test('embeddings have length 1, the model’s width, and repeat', async () => {
  const answer = await client.embeddings.create({ model: 'base', input: ['a key', 'a key', 'the report'] })
  const [a, b, c] = answer.data.map((d) => d.embedding)
  expect(a).toHaveLength(64)
  expect(Math.hypot(...(a ?? []))).toBeCloseTo(1, 5)
  expect(b).toEqual(a)
  expect(c).not.toEqual(a)
})

test('with weights in eight bits the likeliest first token stays, its probability nearly', async () => {
  const small = await startTiny({ weights: 'q8_0', logprobs: true })
  const first = async (from: OpenAI) => {
    const answer = await from.chat.completions.create({ ...ask, max_tokens: 1, temperature: 0, logprobs: true })
    return answer.choices[0]?.logprobs?.content?.[0]
  }
  const [full, eight] = [await first(client), await first(small.client)]
  expect(eight?.bytes).toEqual(full?.bytes)
  expect(Math.abs((eight?.logprob ?? 0) - (full?.logprob ?? 0))).toBeLessThan(0.1)
  await small.stop()
})

test('lists its models', async () => {
  const names: string[] = []
  for await (const model of client.models.list()) names.push(model.id)
  expect(names).toEqual(['base', 'tuned'])
})

test('base and tuned answer side by side, differently', async () => {
  const [base, tuned] = await Promise.all(
    ['base', 'tuned'].map((model) => client.chat.completions.create({ ...ask, model, temperature: 0 })),
  )
  expect(tuned?.model).toBe('tuned')
  expect(tuned?.choices[0]?.message.content).not.toBe(base?.choices[0]?.message.content)
})

test('an abort in the middle of a stream frees the place', async () => {
  const endless = { ...ask, max_tokens: 256, temperature: 1, logit_bias: engine.endless }
  for (let i = 0; i < 20; i++) {
    const stream = await client.chat.completions.create({ ...endless, stream: true })
    for await (const _ of stream) break
    stream.controller.abort()
  }
  const answer = await client.chat.completions.create({ ...ask, max_tokens: 2, temperature: 0 })
  expect(answer.usage?.completion_tokens).toBe(2)
})

test('refuses with serve/queue-full and 429 what is beyond places and queue', async () => {
  const long = { ...ask, max_tokens: 200, temperature: 1, logit_bias: engine.endless }
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => client.chat.completions.create(long)))
  const refused = results.flatMap((r) => (r.status === 'rejected' ? [r.reason as APIError] : []))
  expect(results.length - refused.length).toBe(12)
  expect(new Set(refused.map((e) => `${e.status} ${e.code}`))).toEqual(new Set(['429 serve/queue-full']))
})

test.each([
  ['a model nobody serves', { model: 'gpt-4' }, 404, 'serve/unknown-model', 'model'],
  ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 400, 'serve/unsupported-parameter', 'tools'],
  ['an unknown field', { tempreature: 1 }, 400, 'serve/unsupported-parameter', 'tempreature'],
  ['a temperature out of range', { temperature: 3 }, 400, 'serve/bad-request', 'temperature'],
  ['no messages', { messages: [] }, 400, 'serve/bad-request', 'messages'],
  ['an unknown role', { messages: [{ role: 'robot', content: '' }] }, 400, 'serve/bad-request', 'messages[0].role'],
  ['five stop strings', { stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'serve/bad-request', 'stop'],
  ['an empty stop string', { stop: '' }, 400, 'serve/bad-request', 'stop'],
  ['top_logprobs alone', { top_logprobs: 2 }, 400, 'serve/bad-request', 'top_logprobs'],
  ['stream_options without a stream', { stream_options: {} }, 400, 'serve/bad-request', 'stream_options'],
])('refuses %s', async (_, change, status, code, param) => {
  const body = { ...ask, ...change } as never
  expect(await failure(client.chat.completions.create(body))).toEqual({ status, code, param })
})

test('refuses a schema it cannot enforce with serve/bad-schema', async () => {
  const schema = { type: 'string', pattern: '^a' }
  const refusal = failure(
    client.chat.completions.create({
      ...ask,
      response_format: { type: 'json_schema', json_schema: { name: 's', schema } },
    }),
  )
  expect((await refusal).code).toBe('serve/bad-schema')
})

test('refuses a prompt longer than the context with serve/context-exceeded', async () => {
  const content = 'the machine '.repeat(2000)
  const refusal = await failure(client.chat.completions.create({ ...ask, messages: [{ role: 'user', content }] }))
  expect(refusal).toMatchObject({ status: 400, code: 'serve/context-exceeded' })
})

test('refuses with serve/bad-template what the chat template refuses', async () => {
  const late = { ...ask, messages: [...messages, { role: 'system' as const, content: 'be brief' }] }
  const refusal = await failure(client.chat.completions.create(late))
  expect(refusal).toMatchObject({ status: 400, code: 'serve/bad-template' })
})

test('streams whole characters, whatever tokens they are cut into', async () => {
  const text = 'grün, 日本語, 👩‍🚀 und mehr'
  const stream = await client.chat.completions.create({
    model: 'base',
    messages,
    stream: true,
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { const: text } } },
  })
  const pieces: string[] = []
  for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? '')
  expect(JSON.parse(pieces.join(''))).toBe(text)
  expect(pieces.every((piece) => piece.isWellFormed() && !piece.includes('\uFFFD'))).toBe(true)
  expect(pieces.length).toBeGreaterThan(10)
})

test('a failure in the middle of a stream is its last event', async () => {
  const slow = await startTiny({ maxSeconds: 1, maxTokens: 1_000_000, contextTokens: 65_536 })
  const stream = await slow.client.chat.completions.create({
    ...ask,
    max_tokens: 60_000,
    logit_bias: slow.endless,
    stream: true,
  })
  const read = async () => {
    for await (const _ of stream);
  }
  await expect(read()).rejects.toMatchObject({ code: 'serve/time-limit' })
  await slow.stop()
})

test('a stop ends requests under way with serve/stopping', async () => {
  const other = await startTiny()
  const long = failure(other.client.chat.completions.create({ ...ask, max_tokens: 900, logit_bias: other.endless }))
  const stream = await other.client.chat.completions.create({
    ...ask,
    max_tokens: 900,
    logit_bias: other.endless,
    stream: true,
  })
  await stream[Symbol.asyncIterator]().next()
  await other.stop()
  expect(await long).toMatchObject({ status: 503, code: 'serve/stopping' })
})

test('without leave of the job, refuses serve/logprobs-off and serve/embeddings-off', async () => {
  const plain = await startTiny()
  const codes = await Promise.all([
    failure(plain.client.chat.completions.create({ ...ask, logprobs: true })),
    failure(plain.client.completions.create({ model: 'base', prompt: 'a', logprobs: 1 })),
    failure(plain.client.embeddings.create({ model: 'base', input: 'a' })),
  ])
  expect(codes.map((c) => `${c.status} ${c.code}`)).toEqual([
    '400 serve/logprobs-off',
    '400 serve/logprobs-off',
    '400 serve/embeddings-off',
  ])
  await plain.stop()
})

test('refuses an unknown route, broken JSON and a body beyond its bound', async () => {
  const raw = async (path: string, body: string) => {
    const response = await engine.fetch(`http://engine${path}`, { method: 'POST', body })
    const { error } = (await response.json()) as { error: { code: string } }
    return [response.status, error.code]
  }
  expect(await raw('/v1/nothing', '{}')).toEqual([404, 'serve/unknown-route'])
  expect(await raw('/v1/chat/completions', '{')).toEqual([400, 'serve/bad-request'])
  expect(await raw('/v1/chat/completions', ' '.repeat(5 << 20))).toEqual([413, 'serve/body-too-large'])
})

test('says that it is well', async () => {
  const response = await engine.fetch('http://engine/health')
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
})
