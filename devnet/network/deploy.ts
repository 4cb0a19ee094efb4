import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Addresses } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { type Abi, createPublicClient, createWalletClient, defineChain, http } from 'viem'
import type { Account } from 'viem/accounts'

/** A build that Trust approves from the first block on. */
export type FirstBuild = { readonly measurement: Hex; readonly build: Hex; readonly source: string }

/** How long each of Market's windows is, in seconds; a real market's are longer. */
export type Windows = {
  readonly start: bigint
  readonly report: bigint
  readonly close: bigint
  readonly pause: bigint
}

const artifactsFolder = join(import.meta.dirname, '../../contracts/artifacts')

/** The devnet's chain as viem names it. */
export const devnetChain = (rpcUrl: string, chainId: number) =>
  defineChain({
    id: chainId,
    name: 'allod devnet',
    nativeCurrency: { name: 'coin', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })

/**
 * Deploys every contract, and announces the market to Assets. The deployer is curator and pauser.
 * @returns addresses, and the first block that can hold an event of theirs
 */
export async function deploy(
  rpcUrl: string,
  chainId: number,
  deployer: Account,
  { builds, windows }: { readonly builds: readonly FirstBuild[]; readonly windows: Windows },
): Promise<{ readonly addresses: Addresses; readonly fromBlock: number }> {
  const chain = devnetChain(rpcUrl, chainId)
  const reader = createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 50, cacheTime: 0 })
  const wallet = createWalletClient({ chain, transport: http(rpcUrl), account: deployer })
  const fromBlock = Number(await reader.getBlockNumber())
  const create = async (name: string, args: readonly unknown[]): Promise<Hex> => {
    const { abi, bytecode } = JSON.parse(readFileSync(join(artifactsFolder, `${name}.json`), 'utf8')) as {
      abi: Abi
      bytecode: Hex
    }
    const hash = await wallet.deployContract({ abi, bytecode, args, chain, account: deployer })
    const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`${name} was not deployed`)
    return contractAddress.toLowerCase() as Hex
  }
  const curator = deployer.address
  const token = await create('TestToken', ['Devnet dollar', 'dUSD'])
  const catalog = await create('Catalog', [])
  const assets = await create('Assets', [curator, 3600n])
  const registry = await create('Registry', [])
  const trust = await create('Trust', [curator, 3600n, builds])
  const market = await create('Market', [{ token, assets, registry, trust, catalog, pauser: curator }, windows])
  const { abi } = JSON.parse(readFileSync(join(artifactsFolder, 'Assets.json'), 'utf8')) as { abi: Abi }
  const hash = await wallet.writeContract({
    address: assets,
    abi,
    functionName: 'announceMarket',
    args: [market],
    chain,
    account: deployer,
  })
  await reader.waitForTransactionReceipt({ hash })
  return { addresses: { token, catalog, assets, registry, trust, market }, fromBlock }
}
