import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import {
  type Abi,
  concat,
  encodePacked,
  hashTypedData,
  keccak256,
  toFunctionSelector,
  zeroAddress,
  zeroHash,
} from 'viem'
import { type Contract, type Gas, type GasChain, gasOf, word } from './chain.ts'

const PACKAGE = '@iexec/poco@6.1.0'
const INTEGRITY = 'sha512-BPbDtf2fgQuotr6rf74ACVdwlKqkErEZ8qLbTWM+2CIBj2EX3+6KBGWsFoudoOGjgT7vUJ3jeNX8SWvHzSHg6A=='
const FACETS = ['Configuration', 'CategoryManager', 'EscrowToken', 'ERC20', 'Poco1', 'Poco2', 'PocoBoost'] as const
/** In units of 1e-9 RLC. */
const PRICES = { app: 5_000_000_000n, dataset: 1_000_000_000n, pool: 10_000_000_000n } as const
/** A price so low that the scheduler's stake, 30 % of it, is nothing. */
const NO_STAKE = 3n
const TEE: Hex = `0x${'00'.repeat(31)}01`
const NO_TEE = zeroHash
/** A deal's tasks can be claimed back after seven times its category's time. */
const CATEGORY_SECONDS = 300
/** What a task answers: as much as our report, one hash. */
const RESULTS = word('result')

const orders = {
  AppOrder:
    'address app,uint256 appprice,uint256 volume,bytes32 tag,address datasetrestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt',
  DatasetOrder:
    'address dataset,uint256 datasetprice,uint256 volume,bytes32 tag,address apprestrict,address workerpoolrestrict,address requesterrestrict,bytes32 salt',
  WorkerpoolOrder:
    'address workerpool,uint256 workerpoolprice,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address apprestrict,address datasetrestrict,address requesterrestrict,bytes32 salt',
  RequestOrder:
    'address app,uint256 appmaxprice,address dataset,uint256 datasetmaxprice,address workerpool,uint256 workerpoolmaxprice,address requester,uint256 volume,bytes32 tag,uint256 category,uint256 trust,address beneficiary,address callback,string params,bytes32 salt',
} as const

type Peer = Awaited<ReturnType<typeof newPeer>>
type Deal = { readonly id: Hex; readonly gas: number }

/**
 * The life of a task on app, dataset and workerpool in a TEE, by Boost and by the classic way, and the parts that its
 * figure lacks or has beyond ours, each measured by what it adds.
 * @param folder where its package may lie meanwhile
 */
export async function measureIexec(chain: GasChain, folder: string) {
  const peer = await newPeer(chain, unpack(folder))
  const { outside } = peer
  // Known to the chain before it is put back to here.
  for (const name of ['worker', 'enclave', 'anyone']) await chain.actor(name)
  const fresh = await chain.client.snapshot()
  const boost = { first: await boostLife(chain, peer), steady: await afterAnother(boostLife) }
  const parts = await measureParts(chain, peer)
  // The classic way starts from the same accounts as Boost did.
  await chain.client.revert({ id: fresh })
  const classic = { first: await classicLife(chain, peer), steady: await afterAnother(classicLife) }
  return { boost, classic, parts, outside }

  // A neighbour's deal stays open beside it: on a busy market the scheduler's and the contract's accounts are never empty.
  async function afterAnother(life: typeof boostLife): Promise<Gas> {
    await match(chain, peer, 'matchOrdersBoost', { requester: 'neighbour' })
    return life(chain, peer)
  }
}

async function boostLife(chain: GasChain, peer: Peer): Promise<Gas> {
  const deal = await match(chain, peer, 'matchOrdersBoost')
  return { matchOrdersBoost: deal.gas, pushResultBoost: await push(chain, peer, deal, 0n, true) }
}

async function classicLife(chain: GasChain, peer: Peer): Promise<Gas> {
  const deal = await match(chain, peer, 'matchOrders', { trust: 1n })
  const initialized = await chain.send('worker', peer.diamond, 'initialize', [deal.id, 0n])
  const task = taskOf(deal.id, 0n)
  const { worker, enclave, authorization } = await authorize(chain, task, true)
  const results = keccak256(RESULTS)
  const hash = keccak256(concat([task, results]))
  const seal = keccak256(concat([worker, task, results]))
  const enclaveSign = await signRaw(chain, 'enclave', keccak256(concat([hash, seal])))
  const args = [task, results, RESULTS, '0x', enclave, enclaveSign, authorization]
  const finalized = await chain.send('worker', peer.diamond, 'contributeAndFinalize', args)
  return {
    matchOrders: deal.gas,
    initialize: gasOf(initialized),
    contributeAndFinalize: gasOf(finalized),
  }
}

async function measureParts(chain: GasChain, peer: Peer) {
  const { diamond } = peer
  // One more of a deal's tasks with and without an enclave's signature: the difference is a signature.
  const loose = { tag: NO_TEE, volume: 3n }
  await match(chain, peer, 'matchOrdersBoost', loose)
  const open = await match(chain, peer, 'matchOrdersBoost', loose)
  const signed = await push(chain, peer, open, 0n, true)
  const signature = signed - (await push(chain, peer, open, 1n, false))
  // The same life with a price of which 30 % are nothing: what is not written is the stake.
  const staked = await boostLife(chain, peer)
  const cheap = { pool: NO_STAKE }
  await match(chain, peer, 'matchOrdersBoost', cheap)
  const unstaked = await match(chain, peer, 'matchOrdersBoost', cheap)
  const pushed = await push(chain, peer, unstaked, 0n, true)
  const stake = (staked.matchOrdersBoost ?? 0) + (staked.pushResultBoost ?? 0) - unstaked.gas - pushed
  await chain.send('developer', diamond, 'transfer', [peer.stranger, 1000n])
  const transfer = gasOf(await chain.send('developer', diamond, 'transfer', [peer.stranger, 1000n]))
  // Two tasks, both out of time; the first claim also opens the account that seized stakes go to.
  const late = await match(chain, peer, 'matchOrdersBoost', { volume: 2n })
  await chain.client.increaseTime({ seconds: CATEGORY_SECONDS * 7 + 1 })
  await chain.send('anyone', diamond, 'claimBoost', [late.id, 0n])
  const claim = gasOf(await chain.send('anyone', diamond, 'claimBoost', [late.id, 1n]))
  return { claim, transfer, signature, stake }
}

/** Matches four signed orders; those of app, dataset and workerpool are used again from deal to deal, as ours are. */
async function match(
  chain: GasChain,
  { diamond, app, dataset, workerpool }: Peer,
  how: 'matchOrdersBoost' | 'matchOrders',
  { tag = TEE, volume = 1n, pool = PRICES.pool as bigint, trust = 0n, requester: payer = 'requester' } = {},
): Promise<Deal> {
  const requester = (await chain.actor(payer)).address
  const many = { volume: 1000n, tag, salt: word('salt') }
  const [appmaxprice, datasetmaxprice, workerpoolmaxprice, category] = [PRICES.app, PRICES.dataset, pool, 0n]
  const open = { workerpoolrestrict: zeroAddress, requesterrestrict: zeroAddress }
  const sold = [
    ['developer', 'AppOrder', { app, appprice: appmaxprice, ...many, datasetrestrict: zeroAddress, ...open }],
    [
      'data owner',
      'DatasetOrder',
      { dataset, datasetprice: datasetmaxprice, ...many, apprestrict: zeroAddress, ...open },
    ],
    [
      'scheduler',
      'WorkerpoolOrder',
      {
        ...{ workerpool, workerpoolprice: pool, ...many, category, trust, apprestrict: zeroAddress },
        ...{ datasetrestrict: zeroAddress, requesterrestrict: zeroAddress },
      },
    ],
    [
      payer,
      'RequestOrder',
      {
        ...{ app, appmaxprice, dataset, datasetmaxprice, workerpool, workerpoolmaxprice, requester, volume, tag },
        ...{
          category,
          trust,
          beneficiary: requester,
          callback: zeroAddress,
          params: 'as many bytes as our spec’s hash',
        },
        salt: word(`request ${randomUUID()}`),
      },
    ],
  ] as const
  let requestHash: Hex = zeroHash
  const signed: object[] = []
  for (const [name, primaryType, message] of sold) {
    const typed = { domain: domainOf(chain, diamond), types: typesOf(primaryType), primaryType, message }
    signed.push({ ...message, sign: await (await chain.actor(name)).signTypedData(typed as never) })
    requestHash = hashTypedData(typed as never)
  }
  const receipt = await chain.send(payer, diamond, how, signed)
  return { id: keccak256(encodePacked(['bytes32', 'uint256'], [requestHash, 0n])), gas: gasOf(receipt) }
}

/** The worker brings the result of one of a deal's tasks, and all are paid. */
async function push(chain: GasChain, { diamond }: Peer, { id }: Deal, index: bigint, isTee: boolean): Promise<number> {
  const task = taskOf(id, index)
  const { worker, enclave, authorization } = await authorize(chain, task, isTee)
  const digest = keccak256(concat([worker, task, keccak256(RESULTS)]))
  const enclaveSign = isTee ? await signRaw(chain, 'enclave', digest) : '0x'
  const args = [id, index, RESULTS, '0x', authorization, enclave, enclaveSign]
  return gasOf(await chain.send('worker', diamond, 'pushResultBoost', args))
}

async function authorize(chain: GasChain, task: Hex, isTee: boolean) {
  const worker = (await chain.actor('worker')).address
  const enclave = isTee ? (await chain.actor('enclave')).address : zeroAddress
  const authorization = await signRaw(chain, 'scheduler', keccak256(concat([worker, task, enclave])))
  return { worker, enclave, authorization }
}

/** Its Diamond with the facets that a task needs, its registries with one app, dataset and workerpool, and money inside. */
async function newPeer(chain: GasChain, files: string) {
  const { deploy, send } = chain
  const address = async (name: string): Promise<Hex> => (await chain.actor(name)).address
  const read = (path: string): Artifact => JSON.parse(readFileSync(join(files, path), 'utf8'))
  const compiled = (path: string): Artifact => read(`artifacts/contracts/${path}/${path.split(/[./]/).at(-2)}.json`)
  const library = compiled('libs/IexecLibOrders_v5.sol')
  const { address: libraryAt } = await deploy(library.abi, library.bytecode)
  const cuts: object[] = []
  const abis: Abi[] = []
  const facets = FACETS.map((name) => compiled(`facets/Iexec${name}Facet.sol`))
  for (const facet of [read('deployments/arbitrum/OwnershipFacet.json'), ...facets]) {
    const functionSelectors = facet.abi.flatMap((item) => (item.type === 'function' ? [toFunctionSelector(item)] : []))
    const { address: facetAddress } = await deploy(facet.abi, linked(facet, libraryAt))
    cuts.push({ facetAddress, action: 0, functionSelectors })
    abis.push(facet.abi)
  }
  const proxy = compiled('Diamond.sol')
  const owner = { owner: await address('deployer'), init: zeroAddress, initCalldata: '0x' }
  const diamond = { ...(await deploy(proxy.abi, proxy.bytecode, [cuts, owner])), abi: abis.flat() as Abi }
  // RLC's artifact has no ABI, and its ERC-20 part is in the package's interfaces.
  const token = await deploy(compiled('facets/IexecERC20Facet.sol').abi, read('deployments/arbitrum/RLC.json').bytecode)

  const registryOf = async (folder: string, name: string): Promise<Contract> => {
    const { abi, bytecode } = compiled(`registries/${folder}/${name}Registry.sol`)
    const registry = await deploy(abi, bytecode)
    await send('deployer', registry, 'initialize', [zeroAddress])
    return registry
  }
  const registries = [await registryOf('apps', 'App'), await registryOf('datasets', 'Dataset')] as const
  const pools = await registryOf('workerpools', 'Workerpool')
  const all = [...registries, pools].map((r) => r.address)
  await send('deployer', diamond, 'configure', [token.address, 'Staked RLC', 'SRLC', 9, ...all, zeroAddress])
  await send('deployer', diamond, 'createCategory', ['XS', '', BigInt(CATEGORY_SECONDS)])

  const where = '/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'
  const location: Hex = `0x${Buffer.from(where).toString('hex')}`
  const make = async (registry: Contract, name: string, args: readonly unknown[]) => {
    const receipt = await send('anyone', registry, name, args)
    // The entry is a token of the registry, and its number its address.
    const id = receipt.logs.find(({ topics }) => topics.length === 4)?.topics[3] as Hex
    return { address: `0x${id.slice(-40)}` as Hex, gas: gasOf(receipt) }
  }
  const appArgs = [await address('developer'), 'app', 'DOCKER', location, word('app'), word('enclave')]
  const app = await make(registries[0], 'createApp', appArgs)
  const dataArgs = [await address('data owner'), 'data', location, word('data')]
  const dataset = await make(registries[1], 'createDataset', dataArgs)
  const workerpool = await make(pools, 'createWorkerpool', [await address('scheduler'), 'pool'])

  const deposits: number[] = []
  for (const name of ['scheduler', 'neighbour', 'requester', 'requester']) {
    await send('deployer', token, 'transfer', [await address(name), 10n ** 13n])
    await send(name, token, 'approve', [diamond.address, 10n ** 13n])
    deposits.push(gasOf(await send(name, diamond, 'deposit', [10n ** 12n])))
  }
  const [, , first, again] = deposits as [number, number, number, number]
  const withdrawn = await send('requester', diamond, 'withdraw', [1000n])
  const outside = {
    ...{ 'deposit, first': first, deposit: again, withdraw: gasOf(withdrawn) },
    ...{ createApp: app.gas, createDataset: dataset.gas, createWorkerpool: workerpool.gas },
  }
  const made = { app: app.address, dataset: dataset.address, workerpool: workerpool.address }
  return { ...made, diamond, stranger: await address('stranger'), outside }
}

type Artifact = {
  readonly abi: Abi
  readonly bytecode: Hex
  readonly linkReferences?: Record<
    string,
    Record<string, readonly { readonly start: number; readonly length: number }[]>
  >
}

/** Bytecode with the address of the one library that it calls. */
function linked({ bytecode, linkReferences = {} }: Artifact, library: Hex): Hex {
  let code = bytecode.slice(2)
  for (const { start, length } of Object.values(linkReferences).flatMap(Object.values).flat())
    code = code.slice(0, 2 * start) + library.slice(2) + code.slice(2 * (start + length))
  return `0x${code}`
}

/** Gets the package alone: what it depends on is for building it, partly from Git, and its artifacts are built. */
function unpack(folder: string): string {
  const run = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const name = run('npm', 'pack', '--silent', '--ignore-scripts', PACKAGE).trim()
  const actual = `sha512-${createHash('sha512')
    .update(readFileSync(join(folder, name)))
    .digest('base64')}`
  if (actual !== INTEGRITY) throw new Error(`${PACKAGE} is not the package that was reviewed: ${actual}`)
  run('tar', '-xzf', name, 'package/artifacts', 'package/deployments/arbitrum')
  return join(folder, 'package')
}

const taskOf = (deal: Hex, index: bigint): Hex => keccak256(encodePacked(['bytes32', 'uint256'], [deal, index]))

const signRaw = async (chain: GasChain, name: string, raw: Hex): Promise<Hex> =>
  (await chain.actor(name)).signMessage({ message: { raw } })

const domainOf = (chain: GasChain, { address }: Contract) =>
  ({ name: 'iExecODB', version: '5.0.0', chainId: Number(chain.chainId), verifyingContract: address }) as const

const typesOf = (name: keyof typeof orders) => ({
  [name]: orders[name].split(',').map((field) => {
    const [type, member] = field.split(' ')
    return { type, name: member }
  }),
})
