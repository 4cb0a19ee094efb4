import type { Hex } from '@allod/protocol'
import { http, type Transport } from 'viem'
import { fail } from '../errors.ts'
import { revertOf } from '../revert.ts'

/** One RPC endpoint: a JSON-RPC request and its answer. */
export type Endpoint = {
  readonly name: string
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>
}

/** Block as JSON-RPC gives it, as far as it is read. */
export type RpcBlock = {
  readonly number: Hex
  readonly hash: Hex
  readonly parentHash: Hex
  readonly timestamp: Hex
}

/** Endpoints over HTTP, or over transports that the caller brings, such as a relay's. */
export function endpointsOf(options: {
  readonly rpcUrls?: readonly string[]
  readonly transports?: readonly Transport[]
}): readonly Endpoint[] {
  const transports =
    options.transports ?? (options.rpcUrls ?? []).map((url) => http(url, { retryCount: 0, timeout: 20_000 }))
  return transports.map((transport, i) => {
    const { request } = transport({ retryCount: 0 })
    return {
      name: options.rpcUrls?.[i] ?? `rpc ${i}`,
      request: async (method, params) => {
        try {
          return await request({ method, params } as Parameters<typeof request>[0])
        } catch (cause) {
          const revert = revertOf(cause)
          if (revert !== null) throw fail('call-reverted', { actual: revert.name, cause, meta: revert.args })
          if (/resource not found|(block|header)[^.]* not found|not canonical|unknown block/i.test(String(cause)))
            throw fail('reorg', { cause })
          throw fail('rpc-failed', { cause, meta: { endpoint: options.rpcUrls?.[i] ?? i } })
        }
      },
    }
  })
}

/**
 * Asks every endpoint and returns what they all say.
 * @throws chain/rpc-disagree, and what an endpoint threw
 */
export async function agreed<T>(
  endpoints: readonly Endpoint[],
  method: string,
  params: readonly unknown[],
  normal: (answer: unknown) => T,
): Promise<T> {
  const answers = await Promise.all(endpoints.map(async (e) => normal(await e.request(method, params))))
  return requireSame(endpoints, method, answers)
}

/** What every endpoint answered to one question. @throws chain/rpc-disagree */
export function requireSame<T>(endpoints: readonly Endpoint[], method: string, answers: readonly T[]): T {
  const [first, ...rest] = answers.map((a) => JSON.stringify(a))
  const other = rest.findIndex((a) => a !== first)
  if (other !== -1)
    throw fail('rpc-disagree', {
      expected: first?.slice(0, 300),
      actual: rest[other]?.slice(0, 300),
      meta: { method, endpoints: endpoints.map((e) => e.name) },
    })
  return answers[0] as T
}
