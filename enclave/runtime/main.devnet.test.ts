import { expect, test } from 'vitest'
import { leaksByNames, leaksByReport, trains, trainsForEver } from './testing/engines.ts'
import { newOrder } from './testing/newOrder.ts'
import { playHost, sayOver } from './testing/playHost.ts'
import { playKeepers } from './testing/playKeepers.ts'
import { phasesOf } from './testing/playOrder.ts'

const MARKER = 'customer-4711-secret'

test('runs an order to its end, and says nothing beside what it says to its host', async () => {
  const { host, told } = playKeepers(await newOrder({ model: 'folder', engine: trains }))
  expect(await playHost(host)).toEqual({ code: 0, output: '' })
  expect(told.some((t) => t.path === '/report')).toBe(true)
})

test.each([
  ['the name of a file', leaksByNames(MARKER)],
  ['a value of its report', leaksByReport(MARKER)],
])(
  'an engine that tells by %s what it read tells nobody: a code is all that gets out',
  async (_, engine) => {
    const { host, told } = playKeepers(await newOrder({ model: 'folder', engine }))
    const { code: exit, output } = await playHost(host)
    expect([exit, output]).toEqual([1, 'runtime/output-refused\n'])
    // It would do so again elsewhere: the order is over.
    expect(told.map((t) => t.path)).toContain('/fail')
    // The number alone would turn up among signatures and keys by chance.
    expect(JSON.stringify(told)).not.toContain('customer')
  },
  60_000,
)

test('the host can say that the order was ended, its clients cannot', async () => {
  const order = await newOrder({ model: 'folder', engine: trainsForEver })
  const running = Promise.withResolvers<void>()
  const { host, told } = playKeepers(order, [], (path, body) => {
    if (path === '/events' && phasesOf(body).includes('running')) running.resolve()
  })
  const statuses: number[] = []
  const ended = await playHost(host, (opener) => {
    running.promise.then(async () => {
      for (const name of ['http', 'host'])
        statuses.push((await sayOver(opener, name, '/ended', { endedAt: order.facts.startedAt })).status)
    })
  })
  expect([statuses, ended]).toEqual([[503, 200], { code: 0, output: '' }])
  expect(told.filter((t) => t.path === '/report')).toEqual([])
})
