import { type Hex, type SigningKey, toHex } from '@allod/protocol'
import {
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  createPublicClient,
  defineChain,
  encodeFunctionData,
  erc20Abi,
  http,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { assetsAbi, catalogAbi, marketAbi, registryAbi, trustAbi } from '../abi.ts'
import { fail } from '../errors.ts'
import type { Addresses } from '../types.ts'
import { keepSent } from './keepSent.ts'
import { refusalOf } from './refusal.ts'

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
   * Calls a contract: tried first, then signed, sent, and waited for until it is in a block.
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
}: {
  readonly rpcUrl: string
  readonly chainId: bigint
  readonly addresses: Addresses
  readonly key: SigningKey
  /** How long to wait for a block to include a transaction. */
  readonly includedWithinMs?: number
  /** How often to look meanwhile whether the chain forgot it. */
  readonly lookEveryMs?: number
}): ChainWriter {
  const chain = defineChain({
    id: Number(chainId),
    name: 'allod',
    nativeCurrency: { name: 'coin', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
  const transport = http(rpcUrl, { retryCount: 2, timeout: 20_000 })
  const account = privateKeyToAccount(toHex(key.secret.expose()))
  const reader = createPublicClient({ chain, transport, pollingInterval: 100, cacheTime: 0 })
  let queue: Promise<unknown> = Promise.resolve()

  const sendNow = async (to: Hex, data: Hex, contract: string): Promise<Written> => {
    let transaction: Hex
    let sent: { readonly account: Hex; readonly nonce: number; readonly signed: Hex }
    try {
      // Only nonce, gas and fees come from the endpoint: what is signed is what was asked for.
      const [estimate, nonce, fees] = await Promise.all([
        reader.request({ method: 'eth_estimateGas', params: [{ from: account.address, to, data }] }),
        reader.getTransactionCount({ address: account.address, blockTag: 'pending' }),
        reader.estimateFeesPerGas(),
      ])
      const { maxFeePerGas, maxPriorityFeePerGas } = fees
      // A fifth more than estimated: storage may differ by the time it is included.
      const gas = (BigInt(estimate) * 6n) / 5n
      const fields = { type: 'eip1559', chainId: chain.id, to, data, nonce, gas } as const
      const signed = await account.signTransaction({ ...fields, maxFeePerGas, maxPriorityFeePerGas })
      sent = { account: account.address, nonce, signed }
      transaction = await reader.sendRawTransaction({ serializedTransaction: signed })
    } catch (error) {
      throw refusalOf(error, contract, key.address)
    }
    const kept = keepSent(reader, sent, lookEveryMs)
    const included = reader.waitForTransactionReceipt({ hash: transaction, timeout: includedWithinMs })
    const receipt = await Promise.race([included, kept.lost])
      .catch((cause) => {
        throw fail('tx-not-included', { cause, meta: { transaction } })
      })
      .finally(kept.stop)
    if (receipt.status !== 'success') throw fail('tx-reverted', { meta: { transaction } })
    return { transaction, block: receipt.blockNumber, gasUsed: receipt.gasUsed, receipt }
  }

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
