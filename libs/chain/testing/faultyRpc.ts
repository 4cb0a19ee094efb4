import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Request = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] }

/** Changes an answer, or throws to answer with an error. */
export type Fault = (method: string, params: readonly unknown[], answer: unknown) => unknown

/** An endpoint in front of another that lies, lags or fails as it is told. */
export type FaultyRpc = {
  readonly url: string
  /** null answers honestly. */
  fault: Fault | null
  /** Methods asked for since the start. */
  readonly asked: string[]
  readonly stop: () => Promise<void>
}

/** Puts a faulty endpoint in front of `upstream`. */
export async function startFaultyRpc(upstream: string): Promise<FaultyRpc> {
  const answer = async ({ id, method, params }: Request): Promise<unknown> => {
    proxy.asked.push(method)
    const response = await fetch(upstream, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
    })
    const honest = (await response.json()) as { result?: unknown }
    if (proxy.fault === null || !('result' in honest)) return honest
    try {
      return { jsonrpc: '2.0', id, result: proxy.fault(method, params, honest.result) }
    } catch (error) {
      return { jsonrpc: '2.0', id, error: { code: -32000, message: (error as Error).message } }
    }
  }
  const server = createServer(async (request, response) => {
    const asked = JSON.parse(await text(request)) as Request | Request[]
    const body = Array.isArray(asked) ? await Promise.all(asked.map(answer)) : await answer(asked)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: FaultyRpc = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: null,
    asked: [],
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return proxy
}
