import { once } from 'node:events'
import { expect, test } from 'vitest'
import { fill } from '../testing/samples.ts'
import { streams } from './streams.ts'

const [one, two, three] = [fill(32, 1), fill(32, 2), fill(32, 3)]
const forever = new AbortController().signal

/** Says its name once, and then nothing until it has to end. */
async function* named(name: string, signal: AbortSignal) {
  yield name
  if (!signal.aborted) await once(signal, 'abort')
}

/** Opens streams one after the other; `over` names those that ended, in order. */
function reading(max: Parameters<typeof streams>[0]) {
  const stream = streams(max)
  const over: string[] = []
  const open = async (order: typeof one, name: string, signal = forever): Promise<void> => {
    const lines = stream(order, signal, (until) => named(name, until))
    expect(await lines.next()).toEqual({ done: false, value: name })
    void lines.next().then(({ done }) => done && over.push(name))
  }
  return { open, over }
}

test('one stream of an order too many ends the first of that order, and no other', async () => {
  const { open, over } = reading({ inAll: 9, perOrder: 2 })
  await open(two, 'other')
  await open(one, 'a')
  await open(one, 'b')
  expect(over).toEqual([])
  await open(one, 'c')
  await expect.poll(() => over).toEqual(['a'])
  await open(one, 'd')
  await expect.poll(() => over).toEqual(['a', 'b'])
})

test('one stream too many in all ends the first of all', async () => {
  const { open, over } = reading({ inAll: 2, perOrder: 2 })
  await open(one, 'a')
  await open(two, 'b')
  await open(three, 'c')
  await expect.poll(() => over).toEqual(['a'])
})

test('a stream whose reader left makes room', async () => {
  const { open, over } = reading({ inAll: 2, perOrder: 2 })
  const leaves = new AbortController()
  await open(one, 'a')
  await open(two, 'b', leaves.signal)
  leaves.abort()
  await expect.poll(() => over).toEqual(['b'])
  await open(three, 'c')
  expect(over).toEqual(['b'])
})

test('a stream that is broken off makes room', async () => {
  const stream = streams({ inAll: 1, perOrder: 1 })
  const ended: boolean[] = []
  for await (const _ of stream(one, forever, (signal) => named('a', signal))) break
  const lines = stream(one, forever, (signal) => {
    signal.addEventListener('abort', () => ended.push(true))
    return named('b', signal)
  })
  await lines.next()
  expect(ended).toEqual([])
})
