import { request } from 'node:http'
import type { Hex } from '@allod/protocol'
import { fail } from './errors.ts'

/** Where clients find this provider's agents: routes at a gateway's admin socket. */
export class GatewayRoutes {
  readonly #admin: string | null

  /** @param admin the gateway's admin socket; null where this provider serves no agents */
  constructor(admin: string | null) {
    this.#admin = admin
  }

  /** @throws provider/gateway-refused */
  async add(order: Hex, generation: number, target: string): Promise<void> {
    await this.#call('PUT', `/routes/${order}/${generation}`, JSON.stringify({ target, tlsTarget: null }))
  }

  async remove(order: Hex, generation: number): Promise<void> {
    await this.#call('DELETE', `/routes/${order}/${generation}`, '').catch(() => undefined)
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
      outgoing.once('error', (cause) => reject(fail('gateway-refused', { cause })))
      outgoing.end(body)
    })
  }
}
