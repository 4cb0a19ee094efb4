import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import { type Abi, createPublicClient, createWalletClient, http, parseEther } from 'viem'
import type { Account } from 'viem/accounts'
import { devnetChain } from './deploy.ts'

/** Gives accounts play coin for gas, and play money where an amount is named. */
export async function fund(
  rpcUrl: string,
  chainId: number,
  deployer: Account,
  token: Hex,
  accounts: readonly { readonly address: Hex; readonly money: bigint }[],
): Promise<void> {
  const chain = devnetChain(rpcUrl, chainId)
  const reader = createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 50, cacheTime: 0 })
  const wallet = createWalletClient({ chain, transport: http(rpcUrl), account: deployer })
  const path = join(import.meta.dirname, '../../contracts/artifacts/TestToken.json')
  const { abi } = JSON.parse(readFileSync(path, 'utf8')) as { abi: Abi }
  for (const { address, money } of accounts) {
    const coin = await wallet.sendTransaction({ to: address, value: parseEther('10'), chain, account: deployer })
    await reader.waitForTransactionReceipt({ hash: coin })
    if (money === 0n) continue
    const hash = await wallet.writeContract({
      address: token,
      abi,
      functionName: 'mint',
      args: [address, money],
      chain,
      account: deployer,
    })
    await reader.waitForTransactionReceipt({ hash })
  }
}
