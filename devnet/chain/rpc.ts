import { errorsOf } from '@allod/protocol'

const fail = errorsOf('devnet', {
  'chain-unreachable': ['the local chain does not answer', 'npx allod up'],
  'chain-refused': ['the local chain refused a request', 'see the chain’s log in the network folder'],
})

/** One JSON-RPC call to the local chain. @throws devnet/chain-unreachable, devnet/chain-refused */
export async function rpc<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  let reply: { result?: T; error?: { message: string } } | null
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(30_000),
    })
    reply = (await response.json()) as typeof reply
  } catch (cause) {
    throw fail('chain-unreachable', { cause, actual: url })
  }
  if (typeof reply !== 'object' || reply === null) throw fail('chain-unreachable', { actual: url })
  if (reply.error !== undefined) throw fail('chain-refused', { actual: reply.error.message, meta: { method } })
  return reply.result as T
}
