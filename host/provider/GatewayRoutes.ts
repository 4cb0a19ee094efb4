import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Hex, isAllodError } from '@allod/protocol'
import { fail } from './errors.ts'

const ANSWER_MS = 5000
const FIRST_WAIT_MS = 100
/** A gateway forgets a route that is not put again for five minutes. */
const RENEW_MS = 15_000

/** Where clients find this provider's agents: routes at a gateway's admin socket. */
export class GatewayRoutes {
  readonly #admin: string | null

  /** @param admin the gateway's admin socket; null where this provider serves no agents */
  constructor(admin: string | null) {
    this.#admin = admin
  }

  /**
   * Puts a route, and again from time to time until it is removed: a gateway that is down, or came up without its memory,
   * costs an agent its visitors for a moment and never its order.
   * @param onRefused told provider/gateway-refused each time that a put failed
   */
  keep(
    order: Hex,
    generation: number,
    target: string,
    onRefused: (code: string) => void,
  ): { readonly remove: () => Promise<void> } {
    const path = `/routes/${order}/${generation}`
    const over = new AbortController()
    const put = async (): Promise<void> => {
      let waitMs = FIRST_WAIT_MS
      while (!over.signal.aborted) {
        const isThere = await this.#call('PUT', path, JSON.stringify({ target, tlsTarget: null })).then(
          () => true,
          (error) => {
            onRefused(isAllodError(error) ? error.code : 'provider/internal')
            return false
          },
        )
        waitMs = isThere ? RENEW_MS : Math.min(2 * waitMs, RENEW_MS)
        await delay(waitMs, undefined, { signal: over.signal }).catch(() => undefined)
      }
    }
    const kept = put()
    return {
      remove: async () => {
        over.abort()
        await kept
        await this.#call('DELETE', path, '').catch(() => undefined)
      },
    }
  }

  #call(method: string, path: string, body: string): Promise<void> {
    const socketPath = this.#admin
    if (socketPath === null) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const outgoing = request({ socketPath, method, path, headers }, (incoming) => {
        incoming.resume()
        const { statusCode = 500 } = incoming
        if (statusCode < 300) resolve()
        else reject(fail('gateway-refused', { actual: statusCode }))
      })
      outgoing.setTimeout(ANSWER_MS, () => outgoing.destroy(new Error('the gateway does not answer')))
      outgoing.once('error', (cause) => reject(fail('gateway-refused', { cause })))
      outgoing.end(body)
    })
  }
}
