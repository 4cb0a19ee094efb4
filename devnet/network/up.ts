import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simulatedMeasurement } from '@allod/attestation/simulated'
import { type Committee, fromHex, type Hex, hex, type SigningKey, type StoreRef, sha256, toHex } from '@allod/protocol'
import { mnemonicToAccount } from 'viem/accounts'
import { type StagedBuild, stageBuild } from '../builds/stageBuild.ts'
import { untilSaved } from '../chain/untilSaved.ts'
import { writeWhole } from '../files/writeWhole.ts'
import { startProgram } from '../processes/processes.ts'
import { allEnded } from './allEnded.ts'
import { chooseIsolation, type Isolation } from './chooseIsolation.ts'
import { deploy, type Windows } from './deploy.ts'
import { type Deployment, readDeployment, writeDeployment } from './deployment.ts'
import { freePorts } from './freePorts.ts'
import { fund } from './fund.ts'
import { holdNetwork } from './holdNetwork.ts'
import { chainId, keeperNames, type Layout, layoutOf, type Person, people, windows } from './plan.ts'
import { startWithData } from './programs.ts'
import { registerKeepers, registerProvider, type SeatedKeeper } from './register.ts'
import { requireBuilds } from './requireBuilds.ts'
import { startGateway, startProvider, startStores } from './startHosts.ts'
import { startKeeper } from './startKeeper.ts'
import { devnetWallets } from './wallets.ts'

export type UpOptions = {
  /** Folder of the network's state. */
  readonly folder: string
  /** Goes on without sandboxes where they do not work; refused unless told. */
  readonly isUnisolatedAllowed?: boolean
  /** The market's windows, where they are to differ; they are decided when the contracts are deployed. */
  readonly windows?: Partial<Windows>
  /** Told what is being done. */
  readonly onStep?: (step: string) => void
}

type Builds = { readonly runtime: StagedBuild; readonly keeper: StagedBuild }

/**
 * Brings the whole network up on this machine, each part a process with keys and a folder of its own. Whatever runs already
 * is left alone; whatever was done once is not done again, and what a death left half done is finished.
 * @throws devnet/busy, devnet/process-failed, devnet/chain-unsaved, devnet/builds-changed, environments/no-sandbox
 */
export async function up(options: UpOptions): Promise<Layout> {
  const isolation = await chooseIsolation({ isUnisolatedAllowed: options.isUnisolatedAllowed ?? false })
  const held = holdNetwork(options.folder)
  try {
    return await bringUp(options, isolation)
  } finally {
    held.release()
  }
}

async function bringUp(
  { folder, windows: other, onStep = () => {} }: UpOptions,
  { kind: isolation, programs }: Isolation,
): Promise<Layout> {
  if (isolation === 'none') onStep('WITHOUT ISOLATION, as told: nothing separates the enclaves from this machine')
  const layout = layoutOf(folder)
  onStep('staging the builds')
  const builds = {
    runtime: await stageBuild('runtime', layout.builds, programs),
    keeper: await stageBuild('keeper', layout.builds, programs),
  }
  let deployment = readDeployment(layout.deployment) ?? (await newDeployment())
  requireBuilds(deployment, builds)
  const done = (change: Partial<Deployment>): void => {
    deployment = { ...deployment, ...change }
    writeDeployment(layout.deployment, deployment)
  }
  done({})
  const keyOf = keyring(await devnetWallets(layout.wallets))

  onStep('starting the chain and the simulated chip')
  const rpcUrl = `http://127.0.0.1:${deployment.ports.chain}`
  const { machine, simulatedRoot } = await startGround(layout, deployment)
  if (deployment.chain === null) {
    onStep('deploying the contracts')
    const chain = await deployAll(layout, rpcUrl, builds, { keyOf, windows: { ...windows, ...other } })
    // A chain that is killed before its next snapshot has no contracts again, and keepers must not be told of any.
    await untilSaved(rpcUrl, join(layout.dataOf('chain'), 'states'))
    done({ chain })
  }
  const chain = required(deployment.chain)
  const at = { rpcUrl, chainId: BigInt(chainId), addresses: chain.addresses }

  onStep('starting the keepers')
  const place = { deployment, keeperRootfs: builds.keeper.rootfs, keyOf, simulatedRoot, rpcUrl, isolation }
  const keepers = await allEnded(keeperNames.map((name) => startKeeper(layout, name, place)))
  onStep('seating the committee')
  const committee = await registerKeepers(at, 2, keepers, keyOf)

  onStep('starting stores, gateway and provider')
  const stores = await startStores(layout, deployment)
  await startGateway(layout, deployment)
  const url = `http://127.0.0.1:${deployment.ports.provider}`
  const daemon = keyOf('provider-daemon').address
  await registerProvider(at, keyOf('provider'), { daemon, url, machines: [machine] })
  await startProvider(layout, {
    ...{ deployment, rpcUrl, rootfs: builds.runtime.rootfs, committee, stores, isolation },
    account: keyOf('provider').address,
    key: toHex(keyOf('provider-daemon').secret.expose()),
    urls: committee.members.map((m) => required(keepers.find((k) => k.keys.address === m.address)).url),
  })
  describe(layout, {
    deployment,
    rpcUrl,
    stores,
    keepers,
    committee,
    trust: { simulatedRoot, isUnisolatedAllowed: isolation === 'none' },
    provider: { url, address: keyOf('provider').address },
  })
  return layout
}

const required = <T>(value: T | null | undefined): T => {
  if (value === null || value === undefined) throw new Error('a step of the devnet was not recorded')
  return value
}

function keyring(keys: ReadonlyMap<Person, SigningKey>): (name: string) => SigningKey {
  return (name) => required(keys.get(name as Person))
}

/** The chain and the chip, which everything else stands on. */
async function startGround(
  layout: Layout,
  { ports }: Deployment,
): Promise<{ readonly machine: Hex; readonly simulatedRoot: Hex }> {
  const chain = ['--port', `${ports.chain}`, '--chain-id', `${chainId}`]
  await startWithData(layout, 'chain', join(import.meta.dirname, '../chain/main.ts'), chain)
  const chip = await startProgram(layout.processes, {
    name: 'chip',
    script: join(import.meta.dirname, '../chip/main.ts'),
    args: ['--data', layout.chip, '--socket', layout.chipSocket],
  })
  return { machine: hex(32)(chip.machine), simulatedRoot: hex(32)(chip.root) }
}

async function deployAll(
  layout: Layout,
  rpcUrl: string,
  builds: Builds,
  given: { readonly keyOf: (name: string) => SigningKey; readonly windows: Windows },
): Promise<NonNullable<Deployment['chain']>> {
  const deployer = mnemonicToAccount(readFileSync(join(layout.dataOf('chain'), 'mnemonic'), 'utf8'))
  const first = Object.entries(builds).map(([name, { build }]) => ({
    measurement: toHex(sha256(fromHex(simulatedMeasurement(build)))),
    build,
    source: `this checkout, ${name}`,
  }))
  const { addresses, fromBlock } = await deploy(rpcUrl, chainId, deployer, { builds: first, windows: given.windows })
  const accounts = Object.entries(people).map(([name, money]) => ({ address: given.keyOf(name).address, money }))
  await fund(rpcUrl, chainId, deployer, addresses.token, accounts)
  writeWhole(join(layout.dataOf('chain'), 'market'), addresses.market)
  return { addresses, fromBlock, runtime: builds.runtime.build, keeper: builds.keeper.build }
}

async function newDeployment(): Promise<Deployment> {
  const [chain = 0, gateway = 0, provider = 0, k1 = 0, k2 = 0, k3 = 0, s1 = 0, s2 = 0] = await freePorts(8)
  const keepers = { 'keeper-1': k1, 'keeper-2': k2, 'keeper-3': k3 }
  const stores = { 'store-1': s1, 'store-2': s2 }
  return { ports: { chain, gateway, provider, keepers, stores }, chain: null }
}

type Description = {
  readonly deployment: Deployment
  readonly rpcUrl: string
  readonly stores: readonly StoreRef[]
  readonly keepers: readonly SeatedKeeper[]
  readonly committee: Committee
  readonly trust: { readonly simulatedRoot: Hex; readonly isUnisolatedAllowed: boolean }
  readonly provider: { readonly url: string; readonly address: Hex }
}

/** Writes what owners, buyers and auditors must know of the network, whole or not at all. */
function describe(
  layout: Layout,
  { deployment, rpcUrl, stores, keepers, committee, trust, provider }: Description,
): void {
  const chain = required(deployment.chain)
  const network = {
    version: 1,
    name: 'devnet',
    devnet: true,
    chainId: `${chainId}`,
    rpcUrls: [rpcUrl],
    addresses: chain.addresses,
    fromBlock: chain.fromBlock,
    currency: { symbol: 'dUSD', decimals: 6 },
    finality: { kind: 'finalized' },
    stores,
    keepers: keepers.map(({ url, keys }) => ({ url, keys })),
    committee,
    gateway: { url: `http://127.0.0.1:${deployment.ports.gateway}` },
    provider,
    trust,
    builds: { runtime: chain.runtime, keeper: chain.keeper },
    wallets: 'wallets',
  }
  writeWhole(layout.description, `${JSON.stringify(network, null, 1)}\n`)
}
