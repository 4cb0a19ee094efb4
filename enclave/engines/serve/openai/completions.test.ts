import type OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startTiny } from '../testing/startTiny.ts'

let engine: Running
let client: OpenAI

beforeAll(async () => {
  engine = await startTiny({ logprobs: true, embeddings: true })
  client = engine.client
})
afterAll(() => engine.stop())

const messages = [{ role: 'user' as const, content: 'what is the price of the lease?' }]
const ask = { model: 'base', messages, max_tokens: 24 }

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

test('neither client nor key finds another’s prompt in the cache, unless the job shares prefixes', async () => {
  const cachedFor = async (from: Running) => {
    const counts: unknown[] = []
    for (const key of ['first key', 'second key']) {
      const other = from.client.withOptions({ apiKey: key })
      const answer = await other.chat.completions.create({ ...ask, max_tokens: 2 })
      counts.push(answer.usage?.prompt_tokens_details?.cached_tokens)
    }
    return counts
  }
  expect(await cachedFor(engine)).toEqual([0, 0])
  const sharing = await startTiny({ sharedPrefix: true })
  const [first, second] = await cachedFor(sharing)
  expect(first).toBe(0)
  expect(second).toBeGreaterThan(10)
  await sharing.stop()
})
