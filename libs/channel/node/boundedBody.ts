import type { Readable } from 'node:stream'
import { nodeFail } from './errors.ts'

export type BodyBounds = { readonly maxBodyBytes: number; readonly idleTimeoutMs: number }

/**
 * A received body as a web stream, read only as fast as it is asked for.
 * The stream fails with channel/body-too-large, channel/http-timeout or channel/http-failed; cancelling it drops the source.
 */
export function boundedBody(source: Readable, { maxBodyBytes, idleTimeoutMs }: BodyBounds): ReadableStream<Uint8Array> {
  const pieces: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]()
  let bytes = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const timer = setTimeout(
          () => source.destroy(nodeFail('http-timeout', { expected: idleTimeoutMs })),
          idleTimeoutMs,
        )
        try {
          const { done, value } = await pieces.next()
          if (done) return controller.close()
          bytes += value.length
          if (bytes > maxBodyBytes) {
            const error = nodeFail('body-too-large', { expected: maxBodyBytes })
            source.destroy(error)
            throw error
          }
          controller.enqueue(value)
        } catch (cause) {
          throw isTyped(cause) ? cause : nodeFail('http-failed', { cause })
        } finally {
          clearTimeout(timer)
        }
      },
      cancel() {
        source.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}

const isTyped = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && 'hint' in cause
