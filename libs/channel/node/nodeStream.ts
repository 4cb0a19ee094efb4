import { Duplex } from 'node:stream'
import type { ByteDuplex } from '../ByteDuplex.ts'

/**
 * A byte channel as a Node stream, for `http.request({ createConnection })` and
 * `http.createServer().emit('connection', stream)`. Destroying it drops the channel.
 */
export function nodeStream(duplex: ByteDuplex): Duplex {
  let isReading = false
  const stream: Duplex = new Duplex({
    allowHalfOpen: true,
    highWaterMark: 64 * 1024,
    read() {
      if (isReading) return
      isReading = true
      duplex.read().then(
        (piece) => {
          isReading = false
          stream.push(piece)
        },
        (error: Error) => stream.destroy(error),
      )
    },
    write(chunk: Uint8Array, _encoding, done) {
      duplex.write(chunk).then(() => done(), done)
    },
    writev(chunks, done) {
      duplex.write(...chunks.map(({ chunk }) => chunk as Uint8Array)).then(() => done(), done)
    },
    final(done) {
      duplex.end().then(() => done(), done)
    },
    destroy(error, done) {
      duplex.reset('cancelled')
      done(error)
    },
  })
  return stream
}
