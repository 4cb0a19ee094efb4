import type { Addresses } from '@allod/chain'
import type { Hex } from '@allod/protocol'
import { type Account, type Chain, publicActions, type Transport, type WalletClient } from 'viem'
import { type Artifact, artifacts } from './artifacts.ts'

export type DeployOptions = {
  /** The money of the market; a fresh test token where none is named. */
  readonly token?: Hex
  /** Keeps Trust's builds and Assets' markets. */
  readonly curator: Hex
  /** May delay new orders; the zero address: nobody. */
  readonly pauser: Hex
  /** How long a build or a market is announced before it counts, seconds. */
  readonly noticeSeconds: bigint
  /** Builds that count at once. */
  readonly builds: readonly { readonly measurement: Hex; readonly build: Hex; readonly source: string }[]
  /** Market's windows, seconds. */
  readonly windows: {
    readonly start: bigint
    readonly report: bigint
    readonly close: bigint
    readonly pause: bigint
  }
}

export type Deployment = {
  readonly addresses: Addresses
  /** First block that can hold an event of these contracts. */
  readonly fromBlock: number
}

/**
 * Deploys every contract. Where the wallet is the curator it announces the market to Assets, which the curator must do
 * otherwise before derived objects can be registered.
 */
export async function deploy(
  wallet: WalletClient<Transport, Chain, Account>,
  { token, curator, pauser, noticeSeconds, builds, windows }: DeployOptions,
): Promise<Deployment> {
  const client = wallet.extend(publicActions)
  const fromBlock = Number(await client.getBlockNumber())
  const create = async ({ name, abi, bytecode }: Artifact, args: readonly unknown[]): Promise<Hex> => {
    const hash = await client.deployContract({ abi, bytecode, args } as Parameters<typeof client.deployContract>[0])
    const { contractAddress } = await client.waitForTransactionReceipt({ hash })
    if (!contractAddress) throw new Error(`${name} was not deployed`)
    return contractAddress.toLowerCase() as Hex
  }
  const addresses = {
    token: token ?? (await create(artifacts.testToken, ['Devnet dollar', 'dUSD'])),
    catalog: await create(artifacts.catalog, []),
    assets: await create(artifacts.assets, [curator, noticeSeconds]),
    registry: await create(artifacts.registry, []),
    trust: await create(artifacts.trust, [curator, noticeSeconds, builds]),
  }
  const market = await create(artifacts.market, [{ ...addresses, pauser }, windows])
  if (client.account.address.toLowerCase() === curator.toLowerCase()) {
    const { abi } = artifacts.assets
    const hash = await client.writeContract({
      address: addresses.assets,
      abi,
      functionName: 'announceMarket',
      args: [market],
    })
    await client.waitForTransactionReceipt({ hash })
  }
  return { addresses: { ...addresses, market }, fromBlock }
}
