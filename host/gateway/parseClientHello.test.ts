import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { isAllodError } from '@allod/protocol'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { MAX_HELLO_BYTES, parseClientHello } from './parseClientHello.ts'

const NAME = 'abc.allod.localhost'
let hello: Uint8Array

/** What a real TLS client sends first. */
async function capture(servername: string): Promise<Uint8Array> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername,
    ALPNProtocols: ['http/1.1'],
  })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Uint8Array]
  socket.destroy()
  client.destroy()
  server.close()
  return Uint8Array.from(bytes)
}

beforeAll(async () => {
  hello = await capture(NAME)
})

function outcome(bytes: Uint8Array): string | null {
  try {
    return parseClientHello(bytes)
  } catch (error) {
    return isAllodError(error) ? error.code : String(error)
  }
}

/** The same handshake message in records of the sizes given. */
function inRecords(size: number): Uint8Array {
  const message = hello.subarray(5)
  const records: Uint8Array[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Uint8Array.of(22, 3, 1, part.length >> 8, part.length & 0xff), part)
  }
  return Buffer.concat(records)
}

test('reads the name a real client asks for', () => {
  expect(outcome(hello)).toBe(NAME)
})

test('asks for more until the message is whole, and then reads it however it was cut', () => {
  for (let length = 0; length < hello.length; length++) expect(outcome(hello.subarray(0, length))).toBe(null)
  for (const size of [1, 7, 100]) expect(outcome(inRecords(size))).toBe(NAME)
})

test('refuses what is not a ClientHello', () => {
  const edit = (at: number, byte: number): Uint8Array => Uint8Array.from(hello, (old, i) => (i === at ? byte : old))
  for (const bytes of [
    new TextEncoder().encode('GET / HTTP/1.1\r\n'),
    edit(0, 23),
    edit(1, 2),
    edit(2, 9),
    edit(3, 0xff),
    edit(5, 2),
    edit(6, 1),
    Uint8Array.of(22, 3, 1, 0, 0),
    new Uint8Array(2 * MAX_HELLO_BYTES + 1),
  ])
    expect(outcome(bytes)).toBe('gateway/bad-client-hello')
})

test('refuses a hello without a name, twice a name, two names and odd ones', () => {
  const build = (...extensions: number[][]): Uint8Array => {
    const block = extensions.flat()
    const body = [
      3,
      3,
      ...new Array<number>(32).fill(1),
      0,
      0,
      2,
      0x13,
      0x01,
      1,
      0,
      block.length >> 8,
      block.length & 0xff,
      ...block,
    ]
    return Uint8Array.of(22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length, ...body)
  }
  const named = (...entries: number[]): number[] => [0, 0, 0, entries.length + 2, 0, entries.length, ...entries]
  const a = [0, 0, 1, 0x61]
  expect(outcome(build(named(...a)))).toBe('a')
  expect(outcome(build())).toBe('gateway/no-server-name')
  expect(outcome(build([0, 43, 0, 0]))).toBe('gateway/no-server-name')
  for (const bytes of [
    build(named(...a), named(...a)),
    build(named(...a, ...a)),
    build(named(1, 0, 1, 0x61)),
    build(named(0, 0, 1, 0x2e)),
    build(named(0, 0, 1, 0)),
    build(named()),
    build([0, 0, 0, 9, 0]),
  ])
    expect(outcome(bytes)).toBe('gateway/bad-client-hello')
})

test('no bytes whatever do anything but name, wait or be refused with a code', () => {
  const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = Uint8Array.from(hello)
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      const result = outcome(bytes)
      expect(result === null || /^(gateway\/(bad-client-hello|no-server-name)|[a-z0-9.-]+)$/.test(result)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
