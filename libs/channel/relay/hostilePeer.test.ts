import { isAllodError } from '@allod/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteDuplex } from '../ByteDuplex.ts'
import { drain, memoryPair } from '../testing/memoryPair.ts'
import { encodeHeader, type FrameHeader, PREFACE } from './frame.ts'
import { type Relay, relay } from './relay.ts'
import type { RelayOptions } from './Session.ts'

/** A relay whose other side is raw bytes. */
function attack(options: RelayOptions = { onOpen: () => undefined }): { victim: Relay; raw: ByteDuplex } {
  const [ours, raw] = memoryPair()
  return { victim: relay(ours, options), raw }
}

const frame = (header: Partial<FrameHeader>, ...payload: number[]): Uint8Array =>
  Buffer.concat([encodeHeader({ kind: 'open', isOurs: true, id: 1, value: 0, ...header }), Uint8Array.from(payload)])

const open = (id = 1): Uint8Array => frame({ kind: 'open', id, value: 1 }, 0x61)

async function outcome(...bytes: Uint8Array[]): Promise<string | undefined> {
  const { victim, raw } = attack()
  void drain(raw).catch(() => undefined)
  await raw.write(PREFACE, ...bytes).catch(() => undefined)
  await raw.end()
  return (await victim.closed)?.code
}

test('refuses another protocol', async () => {
  const { victim, raw } = attack()
  await raw.write(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
  expect((await victim.closed)?.code).toBe('channel/bad-preface')
})

const malformed: { readonly [name: string]: Uint8Array[] } = {
  'an unknown kind': [Uint8Array.of(9, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)],
  'kind zero': [Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)],
  'an opener that is not a bit': [Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0x61)],
  'reserved bytes in use': [Uint8Array.of(1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x61)],
  'stream id zero': [frame({ id: 0, value: 1 }, 0x61)],
  'a name of no bytes': [frame({ value: 0 })],
  'a name of 65 bytes': [frame({ value: 65 }, ...new Array<number>(65).fill(0x61))],
  'a name with a space': [frame({ value: 1 }, 0x20)],
  'opening a stream of ours': [frame({ isOurs: false, value: 1 }, 0x61)],
  'opening the same id twice': [open(), open()],
  'skipping an id': [open(2)],
  'data for a stream that never was': [frame({ kind: 'data', id: 3, value: 1 }, 0)],
  'data for a stream we never opened': [frame({ kind: 'data', isOurs: false, value: 1 }, 0)],
  'an empty data frame': [open(), frame({ kind: 'data', value: 0 })],
  'a data frame over 64 KiB': [open(), frame({ kind: 'data', value: 65_537 })],
  'no credit': [open(), frame({ kind: 'window', value: 0 })],
  'an end with a value': [open(), frame({ kind: 'end', value: 1 })],
  'two ends': [open(), frame({ kind: 'end' }), frame({ kind: 'end' })],
  'data after the end': [open(), frame({ kind: 'end' }), frame({ kind: 'data', value: 1 }, 0)],
  'a reset without a reason': [open(), frame({ kind: 'reset', value: 0 })],
  'a reset with an unknown reason': [open(), frame({ kind: 'reset', value: 7 })],
}

for (const [name, bytes] of Object.entries(malformed))
  test(`closes the channel on ${name}`, async () => {
    expect(await outcome(...bytes)).toBe('channel/bad-frame')
  })

test('closes the channel on data beyond the credit given', async () => {
  const { victim, raw } = attack({ windowBytes: 1000, onOpen: () => undefined })
  void drain(raw).catch(() => undefined)
  await raw.write(PREFACE, open())
  await raw.write(frame({ kind: 'data', value: 1001 }, ...new Array<number>(1001).fill(0))).catch(() => undefined)
  expect((await victim.closed)?.code).toBe('channel/window-exceeded')
})

test('closes the channel on data before the stream was accepted', async () => {
  const { victim, raw } = attack({ onOpen: () => new Promise(() => undefined) })
  await raw.write(PREFACE, open(), frame({ kind: 'data', value: 1 }, 0))
  expect((await victim.closed)?.code).toBe('channel/window-exceeded')
})

test('closes the channel on more credit than can be counted', async () => {
  const credit = frame({ kind: 'window', value: 1 << 24 })
  expect(await outcome(open(), credit, credit)).toBe('channel/window-exceeded')
})

test('a channel that ends inside a frame is cut, not closed', async () => {
  expect(await outcome(open().subarray(0, 7))).toBe('channel/channel-cut')
  expect(await outcome(open().subarray(0, 12))).toBe('channel/channel-cut')
  expect(await outcome()).toBe(undefined)
})

test('asking for answers without reading them has an end', async () => {
  const { victim, raw } = attack({ maxStreams: 4 })
  await raw.write(PREFACE)
  const writing = (async () => {
    for (let id = 1; id < 50_000; id += 100) await raw.write(...Array.from({ length: 100 }, (_, i) => open(id + i)))
  })()
  await writing.catch(() => undefined)
  expect((await victim.closed)?.code).toBe('channel/control-flood')
})

test('frames for a stream that is over mean nothing', async () => {
  const late = [frame({ kind: 'reset', value: 4 }), frame({ kind: 'data', value: 2 }, 1, 2), frame({ kind: 'end' })]
  expect(await outcome(open(), ...late)).toBe(undefined)
})

test('no bytes whatever do anything but close the channel with a code', async () => {
  const kinds = fc.constantFrom('open', 'data', 'window', 'end', 'reset') as fc.Arbitrary<FrameHeader['kind']>
  const frames = fc
    .record({
      kind: kinds,
      isOurs: fc.boolean(),
      id: fc.integer({ min: 0, max: 4 }),
      value: fc.integer({ min: 0, max: 80 }),
    })
    .map((header) =>
      frame(
        header,
        ...new Array<number>(header.kind === 'open' || header.kind === 'data' ? header.value : 0).fill(0x61),
      ),
    )
  const bytes = fc.array(
    fc.oneof({ weight: 5, arbitrary: frames }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) }),
  )
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 100 }), async (parts, cut) => {
      const [ours, raw] = memoryPair(() => cut, 1 << 20)
      const victim = relay(ours, {
        maxStreams: 3,
        windowBytes: 200,
        onOpen: (_, stream) => void drain(stream).catch(() => undefined),
      })
      void drain(raw).catch(() => undefined)
      await raw.write(PREFACE, ...parts).catch(() => undefined)
      await raw.end()
      const error = await victim.closed
      expect(error === undefined || isAllodError(error)).toBe(true)
    }),
    { numRuns: 400 },
  )
})
