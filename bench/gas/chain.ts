import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Hex } from '@allod/protocol'
import {
  type Abi,
  createTestClient,
  encodeFunctionData,
  http,
  keccak256,
  publicActions,
  stringToHex,
  type TransactionReceipt,
  walletActions,
} from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'

export type Contract = { readonly address: Hex; readonly abi: Abi }
export type Call = readonly [from: string, to: Contract, name: string, args: readonly unknown[]]
/** Gas by step. */
export type Gas = Readonly<Record<string, number>>
export type GasChain = Awaited<ReturnType<typeof startGasChain>>

/** A 32-byte value as hashes are, so that calldata costs what it costs in earnest. */
export const word = (name: string): Hex => keccak256(stringToHex(name))

export const gasOf = (receipt: TransactionReceipt): number => Number(receipt.gasUsed)

/** A chain of its own, on which everybody has a name, a key and coins. */
export async function startGasChain() {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const binary = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${platform}/bin/anvil`)
  const child = spawn(binary, ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const client = createTestClient({
    chain: foundry,
    mode: 'anvil',
    transport: http(await urlOf(child.stdout)),
    pollingInterval: 20,
  })
    .extend(publicActions)
    .extend(walletActions)
  const actors = new Map<string, PrivateKeyAccount>()

  async function actor(name: string): Promise<PrivateKeyAccount> {
    const known = actors.get(name)
    if (known !== undefined) return known
    const account = privateKeyToAccount(word(`key of ${name}`))
    actors.set(name, account)
    await client.setBalance({ address: account.address, value: 10n ** 21n })
    return account
  }
  const mined = async (hash: Hex, what: string): Promise<TransactionReceipt> => {
    const receipt = await client.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`${what} reverted`)
    return receipt
  }

  return {
    chainId: BigInt(foundry.id),
    client,
    actor,
    async now(): Promise<number> {
      return Number((await client.getBlock()).timestamp)
    },
    async deploy(abi: Abi, bytecode: Hex, args: readonly unknown[] = []): Promise<Contract> {
      const hash = await client.deployContract({ abi, bytecode, args, account: await actor('deployer') })
      return { address: (await mined(hash, 'a deployment')).contractAddress as Hex, abi }
    },
    read: ({ address, abi }: Contract, functionName: string, args: readonly unknown[]): Promise<unknown> =>
      client.readContract({ address, abi, functionName, args }),
    async send(...[from, to, functionName, args]: Call): Promise<TransactionReceipt> {
      const data = encodeFunctionData({ abi: to.abi, functionName, args })
      const hash = await client.sendTransaction({ account: await actor(from), to: to.address, data })
      return mined(hash, functionName)
    },
    /** Calls by different accounts in one block at that time, so that no second passes between them. */
    async sendAt(timestamp: number, ...calls: readonly Call[]): Promise<readonly TransactionReceipt[]> {
      const accounts = await Promise.all(calls.map(([from]) => actor(from)))
      await client.setAutomine(false)
      const hashes: Hex[] = []
      for (const [i, [, to, functionName, args]] of calls.entries()) {
        const data = encodeFunctionData({ abi: to.abi, functionName, args })
        const account = accounts[i] as PrivateKeyAccount
        hashes.push(await client.sendTransaction({ account, to: to.address, data, gas: 2_000_000n }))
      }
      await client.setNextBlockTimestamp({ timestamp: BigInt(timestamp) })
      await client.mine({ blocks: 1 })
      await client.setAutomine(true)
      return Promise.all(hashes.map((hash, i) => mined(hash, calls[i]?.[2] ?? 'a call')))
    },
    stop: () => void child.kill('SIGTERM'),
  }
}

async function urlOf(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const found = /Listening on (127\.0\.0\.1:\d+)/.exec(line)
    // Whatever else it says is let go, or it would wait for a reader.
    if (found) return stdout.resume() && `http://${found[1]}`
  }
  throw new Error('anvil ended before it was ready')
}
