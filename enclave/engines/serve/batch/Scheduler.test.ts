import { isAllodError } from '@allod/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTiny, type Tiny } from '../testing/openTiny.ts'
import type { Finished, Generation, Lane } from './lane.ts'
import { Scheduler, type SchedulerOptions } from './Scheduler.ts'
import type { Sampled, Sampling } from './sampling.ts'

let tiny: Tiny
let lane: Lane
beforeAll(async () => {
  tiny = await openTiny({ sequences: 2 })
  lane = tiny.lane
})
afterAll(() => tiny.close())

const greedy: Sampling = {
  temperature: 0,
  topP: 1,
  seed: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: [],
  grammar: null,
  topLogprobs: null,
}
const options: SchedulerOptions = { maxQueue: 8, batchTokens: 64, maxSeconds: 60, sharedPrefix: false }
const never = new AbortController().signal

type Said = Finished & { readonly tokens: readonly number[] }

async function say(scheduler: Scheduler, prompt: readonly number[], change: Partial<Generation> = {}): Promise<Said> {
  const tokens: number[] = []
  const onToken = ({ token }: Sampled): boolean => tokens.push(token) > 0
  const sampling = { ...greedy, logitBias: tiny.endTokens.map((id) => [id, -100] as const) }
  const finished = await scheduler.generate(lane, {
    prompt,
    maxTokens: 12,
    sampling,
    signal: never,
    onToken,
    ...change,
  })
  return { ...finished, tokens }
}

const promptOf = (length: number, from = 40): number[] => Array.from({ length }, (_, i) => from + ((i * 7) % 200))
const cached = (): number[] => [0, 1].map((sequence) => lane.context.getSequenceKvCacheMaxPosition(sequence))
const codeOf = (cause: unknown): unknown => (isAllodError(cause) ? cause.code : cause)

test('a prompt longer than a step is evaluated over several and answered the same', async () => {
  const prompt = promptOf(300)
  const whole = await say(new Scheduler([lane], { ...options, batchTokens: 512 }), prompt)
  const cut = await say(new Scheduler([lane], { ...options, batchTokens: 32 }), prompt)
  expect(cut.tokens).toEqual(whole.tokens)
})

test('an answer under way goes on while a long prompt is read', async () => {
  const scheduler = new Scheduler([lane], { ...options, batchTokens: 16 })
  const order: string[] = []
  const note = (name: string) => () => order.push(name) > 0
  await Promise.all([
    say(scheduler, promptOf(4), { maxTokens: 20, onToken: note('short') }),
    say(scheduler, promptOf(300), { maxTokens: 1, onToken: note('long') }),
  ])
  expect(order.indexOf('long')).toBeGreaterThan(10)
})

test('nothing of a request stays in the cache, neither of a finished nor of an aborted one', async () => {
  const scheduler = new Scheduler([lane], options)
  await say(scheduler, promptOf(100))
  expect(cached()).toEqual([-1, -1])
  const gone = new AbortController()
  const aborted = say(scheduler, promptOf(100), {
    signal: gone.signal,
    maxTokens: 500,
    onToken: () => {
      gone.abort(new Error('gone'))
      return true
    },
  })
  await expect(aborted).rejects.toThrow('gone')
  expect(cached()).toEqual([-1, -1])
})

test('a repeated prompt is read anew, so its speed tells nobody that it was asked before', async () => {
  const scheduler = new Scheduler([lane], options)
  const prompt = promptOf(100)
  const first = await say(scheduler, prompt)
  const second = await say(scheduler, prompt)
  expect([first.cachedTokens, second.cachedTokens]).toEqual([0, 0])
  expect(second.tokens).toEqual(first.tokens)
})

test('with sharedPrefix a repeated beginning is not read again, and the answer is the same', async () => {
  const alone = await say(new Scheduler([lane], options), [...promptOf(100), 41])
  const scheduler = new Scheduler([lane], { ...options, sharedPrefix: true })
  await say(scheduler, [...promptOf(100), 40])
  const again = await say(scheduler, [...promptOf(100), 41])
  expect(again.cachedTokens).toBe(100)
  expect(again.tokens).toEqual(alone.tokens)
  const same = await say(scheduler, [...promptOf(100), 41])
  expect(same.cachedTokens).toBe(100)
})

test('what another request leaves behind never changes an answer', async () => {
  const want = await say(new Scheduler([lane], options), promptOf(20))
  const scheduler = new Scheduler([lane], options)
  await Promise.all([say(scheduler, promptOf(200, 50)), say(scheduler, promptOf(150, 45))])
  expect((await say(scheduler, promptOf(20))).tokens).toEqual(want.tokens)
})

test('requests wait for a place in their order', async () => {
  const scheduler = new Scheduler([lane], options)
  const ended: number[] = []
  const all = Array.from({ length: 6 }, (_, i) => say(scheduler, promptOf(10)).then(() => ended.push(i)))
  await Promise.all(all)
  expect(ended).toEqual([0, 1, 2, 3, 4, 5])
})

test('refuses with serve/queue-full what finds neither place nor room to wait', async () => {
  const scheduler = new Scheduler([lane], { ...options, maxQueue: 1 })
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => say(scheduler, promptOf(10))))
  expect(results.map((r) => (r.status === 'rejected' ? codeOf(r.reason) : 'done'))).toEqual([
    'done',
    'done',
    'done',
    'serve/queue-full',
    'serve/queue-full',
  ])
})

test('ends with serve/time-limit what waits or runs too long', async () => {
  let nowMs = 0
  const scheduler = new Scheduler([lane], { ...options, maxSeconds: 10, now: () => nowMs })
  const onToken = (): boolean => {
    nowMs += 4000
    return true
  }
  const results = await Promise.allSettled(Array.from({ length: 4 }, () => say(scheduler, promptOf(10), { onToken })))
  expect(results.map((r) => (r.status === 'rejected' ? codeOf(r.reason) : 'done'))).toEqual(
    Array(4).fill('serve/time-limit'),
  )
  expect(cached()).toEqual([-1, -1])
})

test('stop ends what runs and waits with serve/stopping, and refuses what comes later', async () => {
  const scheduler = new Scheduler([lane], options)
  const results = Promise.allSettled(Array.from({ length: 4 }, () => say(scheduler, promptOf(10), { maxTokens: 500 })))
  await scheduler.stop()
  const codes = (await results).map((r) => (r.status === 'rejected' ? codeOf(r.reason) : 'done'))
  expect(codes).toEqual(Array(4).fill('serve/stopping'))
  await expect(say(scheduler, promptOf(4))).rejects.toSatisfy((e) => isAllodError(e, 'serve/stopping'))
})

test('a failure inside the model is serve/engine-failed for that step, and the next request is answered', async () => {
  const want = await say(new Scheduler([lane], options), promptOf(10))
  let isBroken = true
  const native = lane.context
  const broken: Lane = {
    ...lane,
    context: {
      ...native,
      initBatch: (tokens) => native.initBatch(tokens),
      addToBatch: (...words) => native.addToBatch(...words),
      decodeBatch: () => (isBroken ? Promise.reject(new Error('no slot')) : native.decodeBatch()),
      sampleToken: native.sampleToken.bind(native) as Lane['context']['sampleToken'],
      removeTokenCellsFromSequence: (...words) => native.removeTokenCellsFromSequence(...words),
    },
  }
  const scheduler = new Scheduler([broken], options)
  const ask = () => {
    const tokens: number[] = []
    const sampling = { ...greedy, logitBias: tiny.endTokens.map((id) => [id, -100] as const) }
    const onToken = ({ token }: Sampled): boolean => tokens.push(token) > 0
    return scheduler
      .generate(broken, { prompt: promptOf(10), maxTokens: 12, sampling, signal: never, onToken })
      .then(() => tokens)
  }
  await expect(ask()).rejects.toSatisfy((e) => isAllodError(e, 'serve/engine-failed'))
  isBroken = false
  expect(await ask()).toEqual(want.tokens)
})

test('a reader that fails ends only its own answer', async () => {
  const scheduler = new Scheduler([lane], options)
  const onToken = (): boolean => {
    throw new Error('cannot write')
  }
  const [bad, good] = await Promise.allSettled([
    say(scheduler, promptOf(10), { onToken }),
    say(scheduler, promptOf(10)),
  ])
  expect(bad.status === 'rejected' && codeOf(bad.reason)).toBe('serve/engine-failed')
  expect(good.status).toBe('fulfilled')
})
