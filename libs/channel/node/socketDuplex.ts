import type { Duplex } from 'node:stream'
import type { ByteDuplex, ResetReason } from '../ByteDuplex.ts'
import { relayFail } from '../errors.ts'

/** Received chunks held before the socket is paused. */
const HELD_CHUNKS = 4

/**
 * A Node socket or stream as a byte channel. The socket is this channel's alone from now on.
 * @example relay(socketDuplex(net.connect(path)), { onOpen })
 */
export function socketDuplex(socket: Duplex): ByteDuplex {
  const chunks: Uint8Array[] = []
  let isEnded = false
  let failure: Error | null = null
  let wake: (() => void) | null = null
  let drained: (() => void) | null = null
  const notify = (): void => {
    wake?.()
    wake = null
  }
  socket.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk)
    if (chunks.length >= HELD_CHUNKS) socket.pause()
    notify()
  })
  socket.on('end', () => {
    isEnded = true
    notify()
  })
  socket.on('error', (error) => {
    failure ??= error
  })
  socket.on('close', () => {
    if (!isEnded || !socket.writableFinished) failure ??= relayFail('relay-closed')
    notify()
    drained?.()
  })
  socket.on('drain', () => drained?.())
  return {
    async read() {
      for (;;) {
        const chunk = chunks.shift()
        if (chunk !== undefined) {
          if (chunks.length === 0 && socket.isPaused()) socket.resume()
          return chunk
        }
        if (isEnded) return null
        if (failure) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async write(...parts) {
      if (failure) throw failure
      socket.cork()
      for (const part of parts) socket.write(part)
      socket.uncork()
      if (!socket.writableNeedDrain) return
      await new Promise<void>((resolve) => {
        drained = resolve
      })
      drained = null
      if (failure) throw failure
    },
    end: () => new Promise((resolve) => (socket.destroyed ? resolve() : socket.end(() => resolve()))),
    reset: (_reason?: ResetReason) => void socket.destroy(),
  }
}
