import { type Hex, type SigningKey, toHex } from '@allod/protocol'
import {
  type Abi,
  type Chain,
  type ContractFunctionArgs,
  type ContractFunctionName,
  createPublicClient,
  defineChain,
  encodeFunctionData,
  erc20Abi,
  http,
  type PublicClient,
  type TransactionReceipt,
  type Transport,
} from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { assetsAbi, catalogAbi, marketAbi, registryAbi, trustAbi } from '../abi.ts'
import { fail } from '../errors.ts'
import type { Addresses } from '../types.ts'
import { type Call, newCall, sendFirst, type Try } from './newCall.ts'
import { type Left, placeFor } from './placeFor.ts'
import { refusalOf } from './refusal.ts'
import { seeIncluded, type Times } from './seeIncluded.ts'

const abis = {
  assets: assetsAbi,
  catalog: catalogAbi,
  market: marketAbi,
  registry: registryAbi,
  trust: trustAbi,
  token: erc20Abi,
} as const
type Abis = typeof abis

/** A transaction that is in a block. */
export type Written = {
  readonly transaction: Hex
  readonly block: bigint
  readonly gasUsed: bigint
  readonly receipt: TransactionReceipt
}

/** Sends one account's transactions, one after the other. */
export type ChainWriter = {
  readonly account: Hex
  /**
   * Calls a contract: tried first, then signed, sent, and waited for until it is in a block, for a higher price where it stays
   * out of them. A call that was given up is replaced by the next one, and so is what a process that died left.
   * @throws market/…, registry/… and so on for a contract's refusal, chain/tx-reverted, chain/tx-not-included, chain/no-gas
   */
  send<N extends keyof Abis, F extends ContractFunctionName<Abis[N] & Abi, 'nonpayable'>>(
    contract: N,
    functionName: F,
    args: ContractFunctionArgs<Abis[N] & Abi, 'nonpayable', F>,
  ): Promise<Written>
}

/** @param key the account's key; no other process may send with it at the same time */
export function chainWriter({
  rpcUrl,
  chainId,
  addresses,
  key,
  includedWithinMs = 120_000,
  lookEveryMs = 2000,
  raiseEveryMs = 30_000,
  patienceMs = 60_000,
}: {
  readonly rpcUrl: string
  readonly chainId: bigint
  readonly addresses: Addresses
  readonly key: SigningKey
  /** How long to wait for a block to include a transaction. */
  readonly includedWithinMs?: number
  /** How often to look meanwhile whether the chain forgot it. */
  readonly lookEveryMs?: number
  /** How often to offer more for it meanwhile: the same call, at the same nonce. */
  readonly raiseEveryMs?: number
  /** How long to wait for what another process sent from this account, before it is replaced. */
  readonly patienceMs?: number
}): ChainWriter {
  const chain = defineChain({
    id: Number(chainId),
    name: 'allod',
    nativeCurrency: { name: 'coin', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { retryCount: 2, timeout: 20_000 })
  const reader = createPublicClient({ chain, transport, cacheTime: 0 })
  const account = privateKeyToAccount(toHex(key.secret.expose()))
  const sendNow = sender(reader, account, { includedWithinMs, lookEveryMs, raiseEveryMs, patienceMs })
  let queue: Promise<unknown> = Promise.resolve()
  return {
    account: key.address,
    send(contract, functionName, args) {
      const data = encodeFunctionData({ abi: abis[contract], functionName, args } as Parameters<
        typeof encodeFunctionData
      >[0])
      // One at a time: a nonce is taken only when the one before it is in a block.
      const turn = queue.then(() => sendNow(addresses[contract], data, contract))
      queue = turn.catch(() => undefined)
      return turn
    },
  }
}

type Send = (to: Hex, data: Hex, contract: string) => Promise<Written>

function sender(
  reader: PublicClient<Transport, Chain>,
  account: PrivateKeyAccount,
  { patienceMs, ...times }: Times & { readonly patienceMs: number },
): Send {
  // The newest call of which nobody knows whether it will get into a block.
  let left: Call | null = null

  return async (to, data, contract) => {
    const before = left
    let call: Call
    let first: Try
    try {
      // Only nonce, gas and fees come from the endpoint: what is signed is what was asked for.
      const place = await placeFor(reader, account.address, { left: leftBy(left), patienceMs })
      const asked = { from: account.address, to, data }
      // An endpoint tries it after what it is to do next: there, but not in a block, the call that makes room comes first.
      const estimate = BigInt(
        await reader.request({ method: 'eth_estimateGas', params: place.isReplacing ? [asked, 'latest'] : [asked] }),
      )
      // A fifth more than estimated: storage may differ by the time it is included.
      call = newCall(account, { chainId: reader.chain.id, to, data, gas: (estimate * 6n) / 5n }, place.nonce)
      // Before it is sent: an endpoint that does not answer may have taken it.
      left = call
      first = await sendFirst(reader, call, place.offers)
    } catch (error) {
      const refusal = refusalOf(error, contract, account.address)
      if (refusal.code !== 'chain/rpc-failed') left = before
      throw refusal
    }
    const receipt = await seeIncluded(reader, call, first, times).catch((cause) => {
      throw fail('tx-not-included', { cause, meta: { transaction: call.tries.at(-1)?.hash } })
    })
    left = null
    const { transactionHash: transaction, blockNumber: block, gasUsed } = receipt
    if (receipt.status !== 'success') throw fail('tx-reverted', { meta: { transaction } })
    return { transaction, block, gasUsed, receipt }
  }
}

function leftBy(call: Call | null): Left | null {
  const newest = call?.tries.at(-1)
  return call === null || newest === undefined ? null : { nonce: call.nonce, fees: newest.fees }
}
