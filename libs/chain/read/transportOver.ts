import { http, type Transport } from 'viem'

/**
 * A transport whose requests go through `send`, wherever that leads: a relay's destination, for an enclave. Calls made at
 * once travel as one batch.
 * @example chainClient({ transports: names.map((name) => transportOver(fetchOver(relay, name))), ... })
 */
export const transportOver = (send: typeof fetch, { timeoutMs = 10_000 } = {}): Transport =>
  http('http://rpc/', { fetchFn: send, batch: { batchSize: 64 }, retryCount: 0, timeout: timeoutMs })
