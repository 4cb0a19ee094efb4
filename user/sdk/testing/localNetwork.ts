import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulatedMeasurement } from '@allod/attestation/simulated'
import { startAnvil } from '@allod/chain/testing'
import { chainWriter } from '@allod/chain/write'
import { type HpkeKey, newHpkeKey } from '@allod/content'
import {
  allodDomain,
  type Committee,
  fromHex,
  type Hex,
  keeperId,
  newCommittee,
  newSigningKey,
  type SigningKey,
  seatType,
  sha256,
  signDigest,
  toHex,
  typedDigest,
} from '@allod/protocol'
import { type Abi, createTestClient, http, publicActions, walletActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { type Network, parseNetwork } from '../network/network.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { startStore } from './storeProcess.ts'

/** A keeper of the test's committee: a seat on chain and its keys, no process. */
export type TestKeeper = { readonly key: SigningKey; readonly hpke: HpkeKey }

/** A real chain with the real contracts, two real stores, and nobody else. */
export type LocalNetwork = {
  readonly network: Network
  readonly keepers: readonly TestKeeper[]
  readonly wallet: (name: 'owner' | 'author' | 'provider' | 'buyer') => Wallet
  /** Moves the chain's clock. */
  readonly pass: (seconds: number) => Promise<void>
  /** The curator takes the build back. */
  readonly revokeBuild: () => Promise<void>
  readonly stopStore: (index: number) => Promise<void>
  readonly stop: () => Promise<void>
}

const MNEMONIC = 'test test test test test test test test test test test junk'
const artifacts = join(import.meta.dirname, '../../../contracts/artifacts')

/** Windows of the test's market, in seconds. */
export const windows = { start: 60n, report: 20n, close: 6n, pause: 600n }
/** The build that the test's Trust approves. */
export const build: Hex = `0x${'b1'.repeat(32)}`
/** The name under which Trust knows the simulated chip's launch of it. */
const measurement: Hex = toHex(sha256(fromHex(simulatedMeasurement(build))))

/**
 * Starts the network.
 * @param provider where the test plays provider, keepers and gateway
 * @param options.root the simulated chip's root that the network's description names
 */
export async function startLocalNetwork(
  provider: { readonly url: string },
  { root = `0x${'c1'.repeat(32)}` as Hex }: { readonly root?: Hex } = {},
): Promise<LocalNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'allod-local-'))
  const children: ChildProcess[] = []
  const anvil = await startAnvil('--mnemonic', MNEMONIC)
  const rpcUrl = anvil.url
  const client = createTestClient({ chain: foundry, mode: 'anvil', transport: http(rpcUrl), pollingInterval: 50 })
    .extend(publicActions)
    .extend(walletActions)
  const deployer = mnemonicToAccount(MNEMONIC)
  const deploy = async (name: string, args: readonly unknown[]): Promise<Hex> => {
    const { abi, bytecode } = artifact(name)
    const hash = await client.deployContract({ abi, bytecode, args, account: deployer })
    return ((await client.waitForTransactionReceipt({ hash })).contractAddress as string).toLowerCase() as Hex
  }
  const curator = deployer.address
  const token = await deploy('TestToken', ['Test dollar', 'tUSD'])
  const catalog = await deploy('Catalog', [])
  const assets = await deploy('Assets', [curator, 3600n])
  const registry = await deploy('Registry', [])
  const trust = await deploy('Trust', [curator, 3600n, [{ measurement, build, source: 'test' }]])
  const market = await deploy('Market', [{ token, assets, registry, trust, catalog, pauser: curator }, windows])
  const call = async (address: Hex, name: string, functionName: string, args: readonly unknown[]): Promise<void> => {
    const hash = await client.writeContract({ address, abi: artifact(name).abi, functionName, args, account: deployer })
    await client.waitForTransactionReceipt({ hash })
  }
  await call(assets, 'Assets', 'announceMarket', [market])
  const addresses = { token, catalog, assets, registry, trust, market }
  const at = { rpcUrl, chainId: 31_337n, addresses }

  const names = ['owner', 'author', 'provider', 'buyer'] as const
  const keys = new Map(names.map((name) => [name, newSigningKey()]))
  const keepers = await Promise.all([1, 2, 3].map(async () => ({ key: newSigningKey(), hpke: await newHpkeKey() })))
  for (const key of [...keys.values(), ...keepers.map((k) => k.key)])
    await client.setBalance({ address: key.address, value: 10n ** 19n })
  await call(token, 'TestToken', 'mint', [keys.get('buyer')?.address, 1_000_000_000n])
  const committee = await seat(at, keepers)
  const providerKey = keys.get('provider') as SigningKey
  await chainWriter({ ...at, key: providerKey }).send('registry', 'setProvider', [
    { key: providerKey.address, payee: providerKey.address, endpoints: provider.url, machines: [measurement] },
  ])
  const stores = await Promise.all([0, 1].map((i) => startStore(folder, i, children)))
  const network = parseNetwork({
    version: 1,
    name: 'local',
    devnet: true,
    chainId: '31337',
    rpcUrls: [rpcUrl],
    addresses,
    fromBlock: 0,
    currency: { symbol: 'tUSD', decimals: 6 },
    finality: { kind: 'depth', blocks: 0 },
    stores: stores.map(({ url, address }) => ({ url, address })),
    keepers: keepers.map(({ key, hpke }, i) => ({
      url: `${provider.url}/keeper-${i}`,
      keys: { hpkeKey: hpke.publicKey, address: key.address },
    })),
    committee,
    gateway: { url: provider.url },
    provider: { url: provider.url, address: providerKey.address },
    trust: { simulatedRoot: root, isUnisolatedAllowed: false },
    builds: { runtime: build, keeper: build },
    wallets: null,
  })
  return {
    network,
    keepers,
    wallet: (name) => ({ name, key: keys.get(name) as SigningKey }),
    async pass(seconds) {
      await client.increaseTime({ seconds })
      await client.mine({ blocks: 1 })
    },
    revokeBuild: () => call(trust, 'Trust', 'revokeBuild', [build]),
    async stopStore(index) {
      stores[index]?.child.kill('SIGKILL')
      await once(stores[index]?.child as ChildProcess, 'exit')
    },
    async stop() {
      for (const child of children) child.kill('SIGKILL')
      await anvil.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function artifact(name: string): { readonly abi: Abi; readonly bytecode: Hex } {
  return JSON.parse(readFileSync(join(artifacts, `${name}.json`), 'utf8'))
}

async function seat(
  at: Omit<Parameters<typeof chainWriter>[0], 'key'>,
  keepers: readonly TestKeeper[],
): Promise<Committee> {
  const committee = newCommittee(
    2,
    keepers.map(({ key, hpke }) => ({ hpkeKey: hpke.publicKey, address: key.address })),
  )
  for (const { key, hpke } of keepers) {
    const { address } = key
    const id = keeperId({ hpkeKey: hpke.publicKey, address })
    const message = { keeper: id, account: address, payee: address }
    const signature = signDigest(key, typedDigest(allodDomain(at.chainId, at.addresses.registry), seatType, message))
    const fees = { perOrder: 2000n, perSecond: 5_000_000_000_000n }
    const rest = { evidenceHash: build, ...fees, hpkeKey: hpke.publicKey, operator: 'test', endpoint: '' }
    await chainWriter({ ...at, key }).send('registry', 'registerKeeper', [
      { account: address, signer: address, payee: address, ...rest },
      signature,
    ])
  }
  const [first] = keepers as [TestKeeper]
  await chainWriter({ ...at, key: first.key }).send('registry', 'registerCommittee', [
    2,
    committee.members.map(keeperId),
  ])
  return committee
}
