import type { Readable, Writable } from 'node:stream'
import { fail } from './errors.ts'

/**
 * Carries a body as it comes, no faster than it is taken, and ends the other side after its end. Whoever calls it drops
 * what is left where it throws.
 * @throws gateway/body-too-large, gateway/timeout for silence, and what the streams throw
 */
export async function carry(
  from: Readable,
  to: Writable,
  { maxBytes, idleMs }: { readonly maxBytes: number; readonly idleMs: number },
): Promise<void> {
  const late = (): Error => fail('timeout', { expected: idleMs })
  const silence = (): void => void from.destroy(late())
  let timer = setTimeout(silence, idleMs)
  let bytes = 0
  try {
    for await (const piece of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      bytes += piece.length
      if (bytes > maxBytes) throw fail('body-too-large', { expected: maxBytes })
      if (to.destroyed) return
      if (!to.write(piece)) await drained(to, idleMs, late)
      timer = setTimeout(silence, idleMs)
    }
    to.end()
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when there is room, or nobody left to take; rejects when neither comes. */
async function drained(to: Writable, idleMs: number, late: () => Error): Promise<void> {
  if (to.destroyed) return
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => stop(late()), idleMs)
    const stop = (error?: Error): void => {
      clearTimeout(timer)
      to.off('drain', go)
      to.off('close', go)
      if (error) reject(error)
      else resolve()
    }
    const go = (): void => stop()
    to.on('drain', go)
    to.on('close', go)
  })
}
