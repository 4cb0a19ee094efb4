import type { IncomingMessage } from 'node:http'

const LINGER_BYTES = 1 << 20
const LINGER_MS = 1000

/**
 * Reads what is left of a request and throws it away, within bounds. Closing a connection with bytes unread breaks it,
 * and the client would lose the answer that says why its request was not wanted.
 */
export async function discardRest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LINGER_MS)
  })
  await Promise.race([late, discard(request)])
  clearTimeout(timer)
}

async function discard(request: IncomingMessage): Promise<void> {
  let left = LINGER_BYTES
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      left -= (piece as Uint8Array).length
      if (left < 0) return
    }
  } catch {
    // The client went away: there is nobody to lose an answer.
  }
}
