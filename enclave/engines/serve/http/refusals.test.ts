import fc from 'fast-check'
import type OpenAI from 'openai'
import { APIError } from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startTiny } from '../testing/startTiny.ts'

let engine: Running
let client: OpenAI

beforeAll(async () => {
  engine = await startTiny({ maxQueue: 4, maxTokens: 256 })
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

test('a failure in the middle of a stream is its last event', async () => {
  const slow = await startTiny({ maxSeconds: 1, maxTokens: 30_000, contextTokens: 32_768, sequences: 1 })
  const stream = await slow.client.chat.completions.create({
    ...ask,
    max_tokens: 30_000,
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

test('whatever JSON comes, the answer is a document of the API and never a failure of the engine', async () => {
  const routes = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']
  const near = fc.record(
    {
      model: fc.constantFrom('base', 'other', 1),
      messages: fc.array(fc.record({ role: fc.constantFrom('user', 'system', 'x'), content: fc.string() }), {
        maxLength: 2,
      }),
      prompt: fc.oneof(fc.string(), fc.array(fc.integer({ min: -1, max: 500 }), { maxLength: 3 })),
      max_tokens: fc.constantFrom(1, 2, 0, null),
      temperature: fc.double({ noNaN: true, min: -1, max: 3 }),
      stop: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 5 })),
      logit_bias: fc.dictionary(fc.string({ maxLength: 3 }), fc.double({ noNaN: true }), { maxKeys: 2 }),
      seed: fc.integer(),
      response_format: fc.jsonValue(),
    },
    { requiredKeys: ['model'] },
  )
  const bodies = fc.oneof(near, fc.jsonValue())
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), bodies, async (path, body) => {
      const response = await engine.fetch(`http://engine${path}`, { method: 'POST', body: JSON.stringify(body) })
      const document = (await response.json()) as { error?: { code: string }; object?: string }
      expect(response.status).toBeLessThan(500)
      expect(response.status === 200 ? document.object : document.error?.code).toMatch(/^[a-z./_-]+$/)
    }),
    { numRuns: 100 },
  )
})

test('says that it is well', async () => {
  const response = await engine.fetch('http://engine/health')
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
})
