import type OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startTiny } from '../testing/startTiny.ts'

let engine: Running
let client: OpenAI

beforeAll(async () => {
  engine = await startTiny({ logprobs: true, maxTokens: 256 })
  client = engine.client
})
afterAll(() => engine.stop())

const messages = [{ role: 'user' as const, content: 'what is the price of the lease?' }]
const ask = { model: 'base', messages, max_tokens: 24 }

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
