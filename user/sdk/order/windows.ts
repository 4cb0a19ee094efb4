import { createPublicClient, http, parseAbi } from 'viem'
import type { Allod } from '../allod.ts'

/** How long after its end an order may still be reported, and attested, in seconds: the market's own constants. */
export type Windows = { readonly reportSeconds: number; readonly closeSeconds: number; readonly startSeconds: number }

const abi = parseAbi([
  'function startWindow() view returns (uint64)',
  'function reportWindow() view returns (uint64)',
  'function closeWindow() view returns (uint64)',
])

/** Reads the market's windows. */
export async function readWindows({ network }: Pick<Allod, 'network'>): Promise<Windows> {
  const client = createPublicClient({ transport: http(network.rpcUrls[0]) })
  const market = { address: network.addresses.market, abi } as const
  const [start, report, close] = await Promise.all([
    client.readContract({ ...market, functionName: 'startWindow' }),
    client.readContract({ ...market, functionName: 'reportWindow' }),
    client.readContract({ ...market, functionName: 'closeWindow' }),
  ])
  return { startSeconds: Number(start), reportSeconds: Number(report), closeSeconds: Number(close) }
}
