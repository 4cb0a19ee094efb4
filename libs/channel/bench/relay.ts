import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { relay } from '@allod/channel'
import { socketDuplex } from '@allod/channel/node'

/*
 * Throughput of one relay stream, and of eight at once, over a unix socket, beside a plain unix socket in the same run.
 * Sender and receiver are two threads, as host and guest are two processes.
 *   node libs/channel/bench/relay.ts [--mebibytes 2048]
 */

const PIECE = new Uint8Array(256 * 1024)

/** The sending thread. */
async function send({ path, bytes, streams }: { path: string; bytes: number; streams: number }): Promise<void> {
  const socket = connect(path)
  await once(socket, 'connect')
  if (streams === 0) {
    for (let sent = 0; sent < bytes; sent += PIECE.length) if (!socket.write(PIECE)) await once(socket, 'drain')
    socket.end()
    return
  }
  const { open, close } = relay(socketDuplex(socket))
  await Promise.all(
    Array.from({ length: streams }, async () => {
      const stream = await open('bench')
      for (let sent = 0; sent < bytes / streams; sent += PIECE.length) await stream.write(PIECE)
      await stream.end()
      await stream.read()
    }),
  )
  await close()
}

/** Bytes per second of one way to send, from the first byte received to the last. */
async function measure(folder: string, bytes: number, streams: number): Promise<number> {
  const path = join(folder, `${streams}.sock`)
  const server = createServer({ allowHalfOpen: true })
  server.listen(path)
  await once(server, 'listening')
  const worker = new Worker(new URL(import.meta.url), { workerData: { path, bytes, streams } })
  const [socket] = (await once(server, 'connection')) as [Socket]
  let start = 0
  let received = 0
  const count = (piece: Uint8Array): void => {
    start ||= performance.now()
    received += piece.length
  }
  if (streams === 0) {
    socket.on('data', count)
    await once(socket, 'end')
    socket.end()
  } else {
    const { closed } = relay(socketDuplex(socket), {
      onOpen: async (_, stream) => {
        for (let piece = await stream.read(); piece !== null; piece = await stream.read()) count(piece)
        await stream.end()
      },
    })
    await closed
  }
  const seconds = (performance.now() - start) / 1000
  server.close()
  await once(worker, 'exit')
  return received / seconds
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { mebibytes: { type: 'string', default: '2048' } } })
  const bytes = Number(values.mebibytes) * 2 ** 20
  const folder = mkdtempSync(join(tmpdir(), 'bench-relay-'))
  try {
    await measure(folder, bytes / 8, 0)
    const plain = await measure(folder, bytes, 0)
    const one = await measure(folder, bytes, 1)
    const eight = await measure(folder, bytes, 8)
    const report = (figure: string, value: number, unit: string): void =>
      console.log(JSON.stringify({ figure, value: Number(value.toPrecision(3)), unit, target: null, passed: null }))
    report('a bare socket', plain / 1e6, 'MB/s')
    report('relay, one stream, of a bare socket', one / plain, 'ratio')
    report('relay, eight streams, of a bare socket', eight / plain, 'ratio')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (isMainThread) await main()
else await send(workerData as Parameters<typeof send>[0])
