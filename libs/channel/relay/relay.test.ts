import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteDuplex } from '../ByteDuplex.ts'
import { failsWith } from '../testing/failsWith.ts'
import { drain, memoryPair } from '../testing/memoryPair.ts'
import type { RelayStream } from './RelayStream.ts'
import { type Relay, relay } from './relay.ts'
import type { RelayOptions } from './Session.ts'

function relays(near: RelayOptions = {}, far: RelayOptions = {}, pair = memoryPair()): [Relay, Relay] {
  return [relay(pair[0], near), relay(pair[1], far)]
}

async function echo(_name: string, stream: RelayStream): Promise<void> {
  for (let piece = await stream.read(); piece !== null; piece = await stream.read()) await stream.write(piece)
  await stream.end()
}

async function send(stream: ByteDuplex, bytes: Uint8Array): Promise<void> {
  await stream.write(bytes)
  await stream.end()
}

test('carries a stream both ways and ends each direction on its own', async () => {
  const [near] = relays({}, { onOpen: echo })
  const stream = await near.open('echo')
  const [, received] = await Promise.all([send(stream, new Uint8Array(1_000_000).fill(7)), drain(stream)])
  expect(received.length).toBe(1_000_000)
  expect(received.every((byte) => byte === 7)).toBe(true)
})

test('lets either side open, under the name given', async () => {
  const names: string[] = []
  const note = (name: string, stream: RelayStream): Promise<void> => {
    names.push(name)
    return stream.end()
  }
  const [near, far] = relays({ onOpen: note }, { onOpen: note })
  await drain(await near.open('store-0'))
  await drain(await far.open('http'))
  expect(names).toEqual(['store-0', 'http'])
})

test('a stream that nobody reads blocks only itself, and holds no more than its window', async () => {
  const windowBytes = 100_000
  const [near] = relays(
    {},
    { windowBytes, onOpen: (name, stream) => (name === 'echo' ? echo(name, stream) : undefined) },
  )
  const stuck = await near.open('never-read')
  let written = 0
  const writing = (async () => {
    for (;;) {
      await stuck.write(new Uint8Array(10_000))
      written += 10_000
    }
  })()
  const lively = await near.open('echo')
  const [, received] = await Promise.all([send(lively, new Uint8Array(3_000_000)), drain(lively)])
  expect(received.length).toBe(3_000_000)
  expect(written).toBe(windowBytes)
  stuck.reset()
  await failsWith('channel/stream-reset', writing)
})

test('a hundred streams at once each get their own bytes', async () => {
  const [near] = relays({}, { onOpen: echo })
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const stream = await near.open(`s${i}`)
      const [, received] = await Promise.all([send(stream, new Uint8Array(5_000 + i).fill(i)), drain(stream)])
      expect(received).toEqual(Buffer.alloc(5_000 + i, i))
    }),
  )
})

test('what was sent to its end stays readable after the relay closes', async () => {
  let sent: (() => void) | undefined
  const isSent = new Promise<void>((resolve) => {
    sent = resolve
  })
  const [near, far] = relays(
    {},
    {
      onOpen: async (_, stream) => {
        await send(stream, Uint8Array.of(1, 2, 3))
        sent?.()
      },
    },
  )
  const stream = await near.open('once')
  await isSent
  await far.close()
  expect(await near.closed).toBe(undefined)
  expect(await drain(stream)).toEqual(Buffer.from([1, 2, 3]))
})

test('says why a stream was refused', async () => {
  const [near] = relays(
    {},
    {
      onOpen: (name, stream) => {
        if (name === 'unknown') stream.reset('refused')
        if (name === 'down') stream.reset('unreachable')
        if (name === 'broken') throw new Error('a handler that fails')
      },
    },
  )
  for (const [name, reason] of [
    ['unknown', 'refused'],
    ['down', 'unreachable'],
    ['broken', 'failed'],
  ] as const)
    await expect(near.open(name)).rejects.toMatchObject({ code: 'channel/open-refused', meta: { name, reason } })
})

test('a side without a handler refuses every stream', async () => {
  const [near] = relays()
  await expect(near.open('any')).rejects.toMatchObject({ code: 'channel/open-refused', meta: { reason: 'refused' } })
})

test('more streams than a side allows are refused by both', async () => {
  const [near] = relays({ maxStreams: 9 }, { maxStreams: 8, onOpen: () => undefined })
  await Promise.all(Array.from({ length: 8 }, () => near.open('one')))
  await expect(near.open('ninth')).rejects.toMatchObject({ code: 'channel/open-refused', meta: { reason: 'busy' } })
  const [other] = relays({ maxStreams: 1 }, { onOpen: () => undefined })
  await other.open('first')
  await failsWith('channel/too-many-streams', other.open('second'))
})

test('a stream that is over makes room for another', async () => {
  const [near] = relays({ maxStreams: 1 }, { maxStreams: 1, onOpen: echo })
  for (let i = 0; i < 20; i++) {
    const stream = await near.open('echo')
    await send(stream, Uint8Array.of(i))
    expect(await drain(stream)).toEqual(Buffer.from([i]))
  }
})

test('a stream that nobody accepts is given up', async () => {
  const [near] = relays({ openTimeoutMs: 20 }, { onOpen: () => new Promise(() => undefined) })
  await failsWith('channel/open-timeout', near.open('slow'))
})

test('refuses a name that is not one', async () => {
  const [near] = relays()
  for (const name of ['', 'x'.repeat(65), 'a b', 'é', 'a\n']) await failsWith('channel/bad-name', near.open(name))
})

test('a reset reaches the other side, with its reason', async () => {
  let theirs: RelayStream | undefined
  const [near] = relays(
    {},
    {
      onOpen: (_, stream) => {
        theirs = stream
      },
    },
  )
  const stream = await near.open('one')
  theirs?.reset('timeout')
  await expect(stream.read()).rejects.toMatchObject({ code: 'channel/stream-reset', meta: { reason: 'timeout' } })
  await failsWith('channel/stream-reset', stream.write(Uint8Array.of(1)))
})

test('writing after the end is refused', async () => {
  const [near] = relays({}, { onOpen: () => undefined })
  const stream = await near.open('one')
  await stream.end()
  await failsWith('channel/stream-ended', stream.write(Uint8Array.of(1)))
})

test('closing drops every stream on both sides', async () => {
  const [near, far] = relays({}, { onOpen: () => undefined })
  const stream = await near.open('one')
  await near.close()
  await failsWith('channel/relay-closed', stream.read())
  await failsWith('channel/relay-closed', near.open('two'))
  expect(await far.closed).toBe(undefined)
  await failsWith('channel/relay-closed', far.open('three'))
})

test('any bytes on any streams in any pieces arrive as they were sent', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 4000 }),
      async (streams, cuts, windowBytes) => {
        let turn = 0
        const pair = memoryPair(() => cuts[turn++ % cuts.length] ?? 1, 2000)
        const [near] = relays({ windowBytes }, { windowBytes, onOpen: echo }, pair)
        await Promise.all(
          streams.map(async (writes, i) => {
            const stream = await near.open(`s${i}`)
            const writing = (async () => {
              for (const bytes of writes) await stream.write(bytes)
              await stream.end()
            })()
            const [, received] = await Promise.all([writing, drain(stream)])
            expect(received).toEqual(Buffer.concat(writes))
          }),
        )
        await near.close()
      },
    ),
    { numRuns: 60 },
  )
})
