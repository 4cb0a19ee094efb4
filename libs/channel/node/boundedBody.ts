import type { Readable } from 'node:stream'
import { isAllodError } from '@allod/protocol'
import { nodeFail } from './errors.ts'

export type BodyBounds = {
  readonly maxBodyBytes: number
  readonly idleTimeoutMs: number
  readonly bodyTimeoutMs: number
}

/**
 * A received body as a web stream, read only as fast as it is asked for. The source is left as it is when nobody wants
 * the rest; its owner decides what becomes of it.
 * The stream fails with channel/body-too-large, channel/http-timeout or channel/http-failed.
 */
export function boundedBody(
  source: Readable,
  { maxBodyBytes, idleTimeoutMs, bodyTimeoutMs }: BodyBounds,
  onCancel: () => void = () => undefined,
): ReadableStream<Uint8Array> {
  const pieces: AsyncIterator<Uint8Array> = source.iterator({ destroyOnReturn: false })
  let bytes = 0
  let until: number | null = null
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Piece by piece a body could take for ever, each of them in time.
        until ??= performance.now() + bodyTimeoutMs
        const leftMs = Math.max(0, until - performance.now())
        const expected = leftMs < idleTimeoutMs ? bodyTimeoutMs : idleTimeoutMs
        const late = (): void => void source.destroy(nodeFail('http-timeout', { expected }))
        const timer = setTimeout(late, Math.min(idleTimeoutMs, leftMs))
        try {
          const { done, value } = await pieces.next()
          bytes += done ? 0 : value.length
          if (bytes > maxBodyBytes) throw nodeFail('body-too-large', { expected: maxBodyBytes })
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (cause) {
          onCancel()
          throw isAllodError(cause) ? cause : nodeFail('http-failed', { cause })
        } finally {
          clearTimeout(timer)
        }
      },
      async cancel() {
        await pieces.return?.()
        onCancel()
      },
    },
    { highWaterMark: 0 },
  )
}
