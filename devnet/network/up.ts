import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceHash, evidenceShape } from '@allod/attestation'
import { simulatedMeasurement } from '@allod/attestation/simulated'
import {
  errorsOf,
  fromHex,
  type Hex,
  hex,
  keeperKeysShape,
  type Shape,
  type SigningKey,
  seatReplyShape,
  sha256,
  toHex,
} from '@allod/protocol'
import { mnemonicToAccount } from 'viem/accounts'
import { type StagedBuild, stageBuild } from '../builds/stageBuild.ts'
import { startProgram } from '../processes/processes.ts'
import { deploy } from './deploy.ts'
import { type Deployment, readDeployment, writeDeployment } from './deployment.ts'
import { freePorts } from './freePorts.ts'
import { fund } from './fund.ts'
import { chainId, keeperNames, type Layout, layoutOf, type Person, people, storeNames, windows } from './plan.ts'
import { registerKeepers, registerProvider, type SeatedKeeper } from './register.ts'
import { devnetWallets } from './wallets.ts'

const fail = errorsOf('devnet', {
  'builds-changed': [
    'the programs inside the environments changed since this network was made',
    'its contracts approve the old builds: remove the network’s folder and bring it up anew',
  ],
})

export type UpOptions = {
  /** Folder of the network's state. */
  readonly folder: string
  readonly isolation: 'bubblewrap' | 'none'
  /** Told what is being done. */
  readonly onStep?: (step: string) => void
}

/** Programs of the host's side, by their main file. */
const main = (part: 'keeper' | 'store' | 'gateway' | 'provider'): string =>
  join(import.meta.dirname, '../../host', part, 'main.ts')

/**
 * Brings the whole network up on this machine, each part a process with keys and a folder of its own. Whatever runs already
 * is left alone; whatever was done once is not done again.
 * @throws devnet/process-failed, devnet/builds-changed
 */
export async function up({ folder, isolation, onStep = () => {} }: UpOptions): Promise<Layout> {
  const layout = layoutOf(folder)
  mkdirSync(layout.dataOf('.'), { recursive: true, mode: 0o755 })
  onStep('staging the builds')
  const builds = {
    runtime: await stageBuild('runtime', layout.builds),
    keeper: await stageBuild('keeper', layout.builds),
  }
  let deployment = readDeployment(layout.deployment) ?? (await newDeployment())
  writeDeployment(layout.deployment, deployment)
  requireBuilds(deployment, builds)
  const done = (change: Partial<Deployment>): void => {
    deployment = { ...deployment, ...change }
    writeDeployment(layout.deployment, deployment)
  }
  const keys = await devnetWallets(layout.wallets)
  const keyOf = (name: string): SigningKey => {
    const key = keys.get(name as Person)
    if (key === undefined) throw new Error(`nobody is called ${name}`)
    return key
  }

  onStep('starting the chain and the simulated chip')
  const rpcUrl = `http://127.0.0.1:${deployment.ports.chain}`
  await start(layout, 'chain', join(import.meta.dirname, '../chain/main.ts'), [
    '--port',
    `${deployment.ports.chain}`,
    '--chain-id',
    `${chainId}`,
  ])
  const chip = await startProgram(layout.processes, {
    name: 'chip',
    script: join(import.meta.dirname, '../chip/main.ts'),
    args: ['--data', layout.chip, '--socket', layout.chipSocket],
  })
  const machine = hex(32)(chip.machine)

  if (deployment.chain === null) {
    onStep('deploying the contracts')
    const deployer = mnemonicToAccount(readFileSync(join(layout.dataOf('chain'), 'mnemonic'), 'utf8'))
    const first = Object.entries(builds).map(([name, { build }]) => ({
      measurement: launchName(build),
      build,
      source: `this checkout, ${name}`,
    }))
    const { addresses, fromBlock } = await deploy(rpcUrl, chainId, deployer, { builds: first, windows })
    await fund(
      rpcUrl,
      chainId,
      deployer,
      addresses.token,
      Object.entries(people).map(([name, money]) => ({ address: keyOf(name).address, money })),
    )
    done({ chain: { addresses, fromBlock, runtime: builds.runtime.build, keeper: builds.keeper.build } })
    writeFileSync(join(layout.dataOf('chain'), 'market'), addresses.market)
  }
  const { chain } = deployment
  if (chain === null) throw new Error('the deployment was not recorded')
  const at = { rpcUrl, chainId: BigInt(chainId), addresses: chain.addresses }

  onStep('starting the keepers')
  const simulatedRoot = hex(32)(chip.root)
  const keepers = await Promise.all(
    keeperNames.map((name) =>
      startKeeper(layout, name, { deployment, builds, keyOf, simulatedRoot, rpcUrl, isolation }),
    ),
  )
  if (deployment.committee === null) {
    onStep('seating the committee')
    done({ committee: await registerKeepers(at, 2, keepers, keyOf) })
  }
  const { committee } = deployment
  if (committee === null) throw new Error('the committee was not recorded')

  onStep('starting stores, gateway and provider')
  const stores = await Promise.all(
    storeNames.map(async (name) => {
      const key = keyFile(layout, name)
      const port = deployment.ports.stores[name]
      const ready = await start(layout, name, main('store'), ['--key', key, '--port', `${port}`, '--host', '127.0.0.1'])
      return { url: `http://127.0.0.1:${port}`, address: hex(20)(ready.address) }
    }),
  )
  const gatewayState = join(layout.dataOf('gateway'), 'routes.json')
  mkdirSync(layout.dataOf('gateway'), { recursive: true, mode: 0o700 })
  await startProgram(layout.processes, {
    name: 'gateway',
    script: main('gateway'),
    args: ['--admin', layout.gatewayAdmin, '--port', `${deployment.ports.gateway}`, '--state', gatewayState],
  })
  const providerUrl = `http://127.0.0.1:${deployment.ports.provider}`
  if (deployment.provider === null) {
    await registerProvider(at, keyOf('provider'), {
      daemon: keyOf('provider-daemon').address,
      url: providerUrl,
      machines: [machine],
    })
    done({ provider: { machine } })
  }
  const urlOf = (address: Hex): string => keepers.find((k) => k.keys.address === address)?.url ?? ''
  const config = {
    version: 1,
    chainId: `${chainId}`,
    rpcUrls: [rpcUrl],
    addresses: chain.addresses,
    fromBlock: chain.fromBlock,
    finality: { kind: 'finalized' },
    account: keyOf('provider').address,
    build: chain.runtime,
    rootfs: builds.runtime.rootfs,
    chip: layout.chipSocket,
    gatewayAdmin: layout.gatewayAdmin,
    committees: [{ committee, urls: committee.members.map((m) => urlOf(m.address)) }],
    maxOrders: 4,
    isolation,
  }
  mkdirSync(layout.dataOf('provider'), { recursive: true, mode: 0o700 })
  const configFile = join(layout.dataOf('provider'), 'config.json')
  writeFileSync(configFile, JSON.stringify(config, null, 1), { mode: 0o600 })
  const daemonKey = join(layout.dataOf('provider'), 'key')
  if (!existsSync(daemonKey)) writeFileSync(daemonKey, toHex(keyOf('provider-daemon').secret.expose()), { mode: 0o600 })
  await start(layout, 'provider', main('provider'), [
    '--config',
    configFile,
    '--key',
    daemonKey,
    '--port',
    `${deployment.ports.provider}`,
  ])

  writeWhole(layout.description, {
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
    keepers: keepers.map(({ url, keys: k }) => ({ url, keys: k })),
    committee,
    gateway: { url: `http://127.0.0.1:${deployment.ports.gateway}` },
    provider: { url: providerUrl, address: keyOf('provider').address },
    trust: { simulatedRoot },
    builds: { runtime: chain.runtime, keeper: chain.keeper },
    wallets: 'wallets',
  })
  return layout
}

type KeeperPlace = {
  readonly deployment: Deployment
  readonly builds: { readonly keeper: StagedBuild }
  readonly keyOf: (name: string) => SigningKey
  readonly simulatedRoot: Hex
  readonly rpcUrl: string
  readonly isolation: 'bubblewrap' | 'none'
}

async function startKeeper(
  layout: Layout,
  name: (typeof keeperNames)[number],
  place: KeeperPlace,
): Promise<SeatedKeeper> {
  const { deployment, builds, keyOf, simulatedRoot, rpcUrl, isolation } = place
  const { chain, ports } = deployment
  if (chain === null) throw new Error('keepers need the contracts')
  const { market, assets, registry, trust } = chain.addresses
  const { address } = keyOf(name)
  const config = {
    version: 1,
    chainId: `${chainId}`,
    addresses: { market, assets, registry, trust },
    fromBlock: chain.fromBlock,
    // One chain node serves the devnet, so both names lead to it: agreement is exercised, independence is not.
    rpcs: ['rpc-a', 'rpc-b'].map((rpc) => ({ name: rpc, url: rpcUrl })),
    finality: { kind: 'finalized' },
    simulatedRoot,
    isUnisolatedAllowed: isolation === 'none',
    seat: { account: address, payee: address },
    build: chain.keeper,
    clock: { maxSkewSeconds: 30, maxHeadAgeSeconds: 600 },
    challengeSeconds: 120,
    grantWithinSeconds: 600,
    evidenceEverySeconds: 3600,
  }
  mkdirSync(layout.dataOf(name), { recursive: true, mode: 0o700 })
  const configFile = join(layout.dataOf(name), 'config.json')
  writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 })
  const port = ports.keepers[name]
  await start(layout, name, main('keeper'), [
    ...['--chip', layout.chipSocket, '--rootfs', builds.keeper.rootfs, '--config', configFile, '--port', `${port}`],
    ...['--rpc', `rpc-a=${rpcUrl}`, '--rpc', `rpc-b=${rpcUrl}`],
    ...(isolation === 'none' ? ['--unisolated'] : []),
  ])
  const url = `http://127.0.0.1:${port}`
  const status = await getJson(`${url}/status`, (v) => keeperKeysShape((v as { keys?: unknown }).keys))
  const bundle = await getJson(`${url}/evidence?nonce=${toHex(randomBytes(32))}`, evidenceShape)
  return {
    name,
    url,
    keys: status,
    seat: await getJson(`${url}/seat`, seatReplyShape),
    evidenceHash: evidenceHash(bundle),
  }
}

function start(layout: Layout, name: string, script: string, args: readonly string[]) {
  const data = layout.dataOf(name)
  mkdirSync(data, { recursive: true, mode: 0o700 })
  return startProgram(layout.processes, { name, script, args: ['--data', data, ...args] })
}

async function newDeployment(): Promise<Deployment> {
  const [chain, gateway, provider, k1, k2, k3, s1, s2] = (await freePorts(8)) as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    ports: {
      chain,
      gateway,
      provider,
      keepers: { 'keeper-1': k1, 'keeper-2': k2, 'keeper-3': k3 },
      stores: { 'store-1': s1, 'store-2': s2 },
    },
    chain: null,
    committee: null,
    provider: null,
  }
}

function requireBuilds(
  { chain }: Deployment,
  builds: { readonly runtime: StagedBuild; readonly keeper: StagedBuild },
): void {
  if (chain === null) return
  for (const name of ['runtime', 'keeper'] as const)
    if (chain[name] !== builds[name].build)
      throw fail('builds-changed', { expected: chain[name], actual: builds[name].build, meta: { name } })
}

/** The name under which Trust knows a build's launch. */
const launchName = (build: Hex): Hex => toHex(sha256(fromHex(simulatedMeasurement(build))))

function keyFile(layout: Layout, name: string): string {
  const path = join(layout.dataOf(name), 'key')
  mkdirSync(layout.dataOf(name), { recursive: true, mode: 0o700 })
  if (!existsSync(path)) writeFileSync(path, toHex(randomBytes(32)), { mode: 0o600, flag: 'wx' })
  return path
}

async function getJson<T>(url: string, shape: Shape<T>): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${(await response.text()).slice(0, 300)}`)
  return shape(await response.json())
}

function writeWhole(path: string, value: unknown): void {
  writeFileSync(`${path}.part`, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600 })
  renameSync(`${path}.part`, path)
}
