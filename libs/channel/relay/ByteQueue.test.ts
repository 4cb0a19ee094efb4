import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue } from './ByteQueue.ts'

test('gives back what went in, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 5000 }), fc.constant(null)), { maxLength: 60 }),
      (steps) => {
        const queue = new ByteQueue()
        const into: Uint8Array[] = []
        const out: Uint8Array[] = []
        for (const step of steps) {
          if (step === null) out.push(queue.shift() ?? new Uint8Array())
          else if (step.length > 0) {
            queue.push(step)
            into.push(step)
          }
        }
        for (let piece = queue.shift(); piece !== null; piece = queue.shift()) out.push(piece)
        expect(Buffer.concat(out)).toEqual(Buffer.concat(into))
        expect(queue.bytes).toBe(0)
      },
    ),
  )
})

test('small pieces of large buffers do not keep the large buffers', () => {
  const queue = new ByteQueue()
  const large = new Uint8Array(65_536)
  for (let i = 0; i < 10_000; i++) queue.push(large.subarray(i, i + 1))
  const held = new Set<ArrayBufferLike>()
  for (let piece = queue.shift(); piece !== null; piece = queue.shift()) held.add(piece.buffer)
  const bytes = [...held].reduce((sum, buffer) => sum + buffer.byteLength, 0)
  expect(bytes).toBeLessThan(20_000)
})
