import { randomUUID } from 'node:crypto'
import { artifacts, deploy } from '@allod/contracts'
import {
  aliveType,
  allodDomain,
  committeeId,
  type Eip712Message,
  type Eip712Type,
  enclaveAttestedType,
  type Hex,
  keeperId,
  lineageOf,
  newCommittee,
  noLineage,
  type Offer,
  offerHash,
  offerType,
  reportedType,
  seatType,
  toHex,
  typedDigest,
} from '@allod/protocol'
import { createWalletClient, http, parseEventLogs, type TransactionReceipt } from 'viem'
import { foundry } from 'viem/chains'
import { type Call, type Contract, type Gas, type GasChain, gasOf, word } from './chain.ts'

type OwnedOffer = readonly [owner: string, offer: Offer]
type Market = Awaited<ReturnType<typeof newMarket>>

const MAX = 2n ** 256n - 1n
const ROYALTY = { bps: 1000, floorPerSecond: 2n * 10n ** 12n, floorPerOrder: 50n }

/** Our life of an order: four signed offers, a royalty, two votes, one beat over half the term, the rest refunded. */
export async function measureAllod(
  chain: GasChain,
): Promise<{ readonly first: Gas; readonly steady: Gas; readonly outside: Gas }> {
  const market = await newMarket(chain)
  const { model, outside } = market
  const origin = { header: header('tuned'), owner: await market.owner('tuner'), policyHash: word('policy tuner') }
  const lineage = lineageOf({ ...origin, parents: [model] })
  const { order } = await live(chain, market, await market.offersOn('model', model, 'origin'), lineage)
  const derived = { ...origin, market: market.market.address, order, reportHash: word('report'), parents: [model] }
  const noRoyalty = { bps: 0, floorPerSecond: 0n, floorPerOrder: 0n }
  const registered = await chain.send('tuner', market.assets, 'registerDerived', [derived, noRoyalty])
  const tuned = argument(registered, market.assets, 'LineageRecorded', 'objectId')
  // Nobody has claimed yet, and these offers are new: a first life is one for everybody but the buyer.
  const offers = await market.offersOn('tuner', tuned, 'offer')
  const lives: Gas[] = []
  for (const _ of ['first', 'steady']) {
    const { terms, gas } = await live(chain, market, offers, word('lineage'))
    const claimed = await chain.send('anyone', market.market, 'claim', [terms, MAX])
    lives.push({ ...gas, 'claim all': gasOf(claimed) })
  }
  const [first, steady] = lives as [Gas, Gas]
  const withdraw = (amount: bigint) =>
    chain.send('provider’s payee', market.market, 'withdraw', [word('cold').slice(0, 42), amount])
  await withdraw(1000n)
  return { first, steady, outside: { ...outside, withdraw: gasOf(await withdraw(1000n)) } }
}

/** From `create` to `end`. */
async function live(chain: GasChain, market: Market, offers: readonly OwnedOffer[], lineage: Hex) {
  const { committee, sign, votes } = market
  const to = market.market
  const signatures = await Promise.all(offers.map(([owner, o]) => sign(owner, offerType, messageOf(o))))
  const messages = offers.map(([, o]) => messageOf(o))
  const ask = { specHash: word('spec'), salt: word(`order ${randomUUID()}`), secs: 3600 }
  const request = { ...ask, committee, job: 1, maxEscrow: 2n ** 128n - 1n }
  const created = await chain.send('buyer', to, 'create', [messages, signatures, request])
  const order = argument(created, to, 'Created', 'order')
  const [lanes] = (await chain.read(to, 'quote', [messages, committee, ask.secs])) as [unknown]
  const terms = { ...ask, buyer: await market.owner('buyer'), offers: offers.map(([, o]) => offerHash(o)), lanes }

  const attestation = {
    enclave: await market.owner('enclave'),
    grantKeyHash: word('grant key'),
    build: word('build'),
    evidenceHash: word('evidence'),
    validUntil: BigInt((await chain.now()) + 300),
  }
  const attested = await votes(enclaveAttestedType, { order, generation: 1, ...attestation, committee })
  const started = await chain.send('provider', to, 'start', [terms, attestation, attested])

  const from = await chain.now()
  const upTo = from + ask.secs / 2
  const alive = await votes(aliveType, { order, generation: 1, from, upTo })
  const reported = { order, generation: 1, reportHash: word('report'), lineage }
  const reportArgs = [order, 1, reported.reportHash, lineage, await sign('enclave', reportedType, reported)]
  // In one second, as the committed snapshot has it: the end finds all time proved, and the claim leaves nothing behind.
  const three: readonly Call[] = [
    ['anyone', to, 'beat', [order, 1, BigInt(from), BigInt(upTo), alive]],
    ['relay', to, 'report', reportArgs],
    ['buyer', to, 'end', [terms]],
  ]
  const [beat, report, end] = (await chain.sendAt(upTo, ...three)).map(gasOf) as [number, number, number]
  return { order, terms, gas: { create: gasOf(created), start: gasOf(started), beat, report, end } }
}

/** Our contracts as `contracts/test/fixture` sets them up, but with addresses and hashes as they come. */
async function newMarket(chain: GasChain) {
  const { actor, send } = chain
  const owner = async (name: string): Promise<Hex> => (await actor(name)).address.toLowerCase() as Hex
  const account = await actor('deployer')
  const wallet = createWalletClient({ chain: foundry, account, transport: http(chain.client.transport.url) })
  const { addresses } = await deploy(wallet, {
    curator: account.address,
    pauser: account.address,
    noticeSeconds: 3600n,
    builds: [{ measurement: word('measurement'), build: word('build'), source: 'source' }],
    windows: { start: 600n, report: 3600n, close: 1200n, pause: 86_400n },
  })
  const token = { address: addresses.token, abi: artifacts.testToken.abi }
  const market = { address: addresses.market, abi: artifacts.market.abi }
  const assets = { address: addresses.assets, abi: artifacts.assets.abi }
  const { committee, keepers } = await registerCommittee(chain, addresses.registry)
  const sign = (name: string, type: Eip712Type, message: Eip712Message): Promise<Hex> =>
    signAt(chain, market.address, name, type, message)
  const votes = (type: Eip712Type, message: Eip712Message): Promise<readonly Hex[]> =>
    Promise.all(keepers.slice(0, 2).map((name) => sign(name, type, message)))

  const model = await send('model', assets, 'register', [header('model'), word('policy model'), ROYALTY])
  const rest = [word('policy data'), { ...ROYALTY, bps: 0, floorPerSecond: 0n, floorPerOrder: 0n }]
  const data = await send('data', assets, 'register', [header('data'), ...rest])
  await send('deployer', token, 'mint', [await owner('buyer'), 10n ** 15n])
  await send('buyer', token, 'approve', [market.address, MAX])
  const deposited = await send('buyer', market, 'deposit', [10n ** 13n])
  const again = await send('buyer', market, 'deposit', [10n ** 13n])
  const objects = {
    model: argument(model, assets, 'Registered', 'objectId'),
    data: argument(data, assets, 'Registered', 'objectId'),
  }
  const expiry = (await chain.now()) + 86_400 * 30
  const offer = async (name: string, kind: 1 | 2 | 3, subject: Hex, perSecond: string, perOrder: string) => ({
    owner: await owner(name),
    payee: await owner(`${name}’s payee`),
    token: addresses.token,
    kind,
    subject,
    manifestHash: word(`manifest ${name}`),
    policyHash: word(`policy ${name}`),
    committee: kind === 2 ? committee : noLineage,
    ...{ terms: noLineage, perSecond, perOrder, minSeconds: 60, maxSeconds: 30 * 86_400, capacity: 0, maxRuns: 0 },
    ...{ expiry, epoch: 0, salt: noLineage },
  })
  const drafts = async (name: string, object: Hex): Promise<readonly OwnedOffer[]> => [
    ['provider', { ...(await offer('provider', 1, word('machine'), '277777777777777', '0')), capacity: 1 }],
    [name, { ...(await offer(name, 2, object, '100000000000000', '5000000')), maxRuns: 1000 }],
    ['data', await offer('data', 2, objects.data, '10000000000000', '1000000')],
    ['engineer', await offer('engineer', 3, word('engine'), '1000000000000', '10000')],
  ]
  const offersOn = async (name: string, object: Hex, salt: string): Promise<readonly OwnedOffer[]> =>
    (await drafts(name, object)).map(([by, o]) => [by, { ...o, salt: word(`${salt} of ${by}`) }])
  const outside = { 'deposit, first': gasOf(deposited), deposit: gasOf(again), 'register an object': gasOf(model) }
  return { market, assets, committee, model: objects.model, outside, owner, sign, votes, offersOn }
}

/** Two of three keepers; `keepers` are their names, ascending by address as lists of votes are. */
async function registerCommittee(chain: GasChain, address: Hex) {
  const registry = { address, abi: artifacts.registry.abi }
  const seats = await Promise.all(
    ['keeper 1', 'keeper 2', 'keeper 3'].map(async (name) => {
      const hpkeKey: Hex = `0x${Array.from({ length: 38 }, (_, i) => word(`${name} ${i}`).slice(2)).join('')}`
      return { name, hpkeKey, address: (await chain.actor(name)).address.toLowerCase() as Hex }
    }),
  )
  for (const { name, hpkeKey, address: account } of seats) {
    const payee = (await chain.actor(`${name}’s payee`)).address
    const seat = { keeper: keeperId({ hpkeKey, address: account }), account, payee: payee.toLowerCase() as Hex }
    const fees = { perOrder: 100n, perSecond: 3n * 10n ** 12n }
    const rest = { evidenceHash: word('evidence'), ...fees, hpkeKey, operator: name, endpoint: 'here' }
    const signature = await signAt(chain, address, name, seatType, seat)
    await chain.send(name, registry, 'registerKeeper', [{ account, signer: account, payee, ...rest }, signature])
  }
  const committee = newCommittee(2, seats)
  await chain.send('keeper 1', registry, 'registerCommittee', [2, committee.members.map(keeperId)])
  const keepers = [...seats].sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ name }) => name)
  return { committee: committeeId(committee), keepers }
}

async function signAt(chain: GasChain, at: Hex, name: string, type: Eip712Type, message: Eip712Message): Promise<Hex> {
  const digest = typedDigest(allodDomain(chain.chainId, at), type, message)
  return (await chain.actor(name)).sign({ hash: toHex(digest) })
}

const messageOf = (o: Offer) => ({ ...o, perSecond: BigInt(o.perSecond), perOrder: BigInt(o.perOrder) })

const header = (name: string): Hex => `0x${[1, 2, 3, 4].map((i) => word(`${name} ${i}`).slice(2)).join('')}`

/** What a receipt's event of that name says. */
function argument({ logs }: TransactionReceipt, { abi }: Contract, eventName: string, name: string): Hex {
  const [log] = parseEventLogs({ abi, logs, eventName }) as unknown as readonly { readonly args: Record<string, Hex> }[]
  if (log === undefined) throw new Error(`no event ${eventName}`)
  return log.args[name] as Hex
}
