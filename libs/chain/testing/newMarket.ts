import { type Artifact, artifacts, deploy } from '@allod/contracts'
import {
  aliveType as alive,
  allodDomain,
  ascending,
  type Committee,
  committeeId,
  concat,
  type Eip712Type,
  enclaveAttestedType as enclaveAttested,
  fromHex,
  type Hex,
  keccak256,
  keeperId,
  newCommittee,
  newSigningKey,
  type Offer,
  offerDigest,
  offerHash,
  reportedType as reported,
  type SigningKey,
  seatType,
  signDigest,
  toHex,
  typedDigest,
  utf8,
} from '@allod/protocol'
import { createWalletClient, defineChain, http, publicActions } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { offerArgs, termsArgs } from '../convert.ts'
import { orderIdOf } from '../orderIdOf.ts'
import { type Addresses, type JobKind, jobKinds, type MarketTerms } from '../types.ts'
import { type ChainWriter, chainWriter } from '../write/chainWriter.ts'
import { type Anvil, startAnvil } from './anvil.ts'

export const CHAIN_ID = 31337n
export const WINDOWS = { start: 600n, report: 3600n, close: 1200n, pause: 86_400n } as const
export const BUILD = word('build')
export const SECONDS = 3600
export const ZERO: Hex = `0x${'00'.repeat(32)}`

/** A deterministic 32-byte value. */
export function word(name: string): Hex {
  return toHex(keccak256(utf8(name)))
}

/** A funded signing key of this name. */
const keyOf = (name: string): SigningKey => newSigningKey(keccak256(utf8(`key ${name}`)))

export type TestMarket = Awaited<ReturnType<typeof newMarket>>

/** A deployed market with a committee of three, a provider, an engine's author, a model's owner and a rich buyer. */
export async function newMarket() {
  const anvil = await startAnvil()
  const chain = defineChain({
    id: Number(CHAIN_ID),
    name: 'test',
    nativeCurrency: { name: 'coin', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [anvil.url] } },
  })
  const account = mnemonicToAccount('test test test test test test test test test test test junk')
  const deployer = createWalletClient({ chain, account, transport: http(anvil.url), pollingInterval: 20, cacheTime: 0 })
  const { addresses, fromBlock } = await deploy(deployer, {
    curator: account.address,
    pauser: account.address,
    noticeSeconds: 3600n,
    builds: [{ measurement: word('measurement'), build: BUILD, source: 'source' }],
    windows: WINDOWS,
  })
  const names = ['provider', 'model', 'engine', 'buyer', 'stranger', 'enclave', 'keeper-0', 'keeper-1', 'keeper-2']
  const keys = Object.fromEntries(names.map((name) => [name, keyOf(name)])) as Record<string, SigningKey>
  const key = (name: string): SigningKey => keys[name] as SigningKey
  for (const name of names) await anvil.rpc('anvil_setBalance', [key(name).address, `0x${(10n ** 20n).toString(16)}`])
  const writers = new Map<string, ChainWriter>()
  const as = (name: string): ChainWriter => {
    const known = writers.get(name) ?? chainWriter({ rpcUrl: anvil.url, chainId: CHAIN_ID, addresses, key: key(name) })
    writers.set(name, known)
    return known
  }
  const client = deployer.extend(publicActions)
  const mint = async (name: string, amount: bigint): Promise<void> => {
    const { abi } = artifacts.testToken as Artifact
    const hash = await client.writeContract({
      address: addresses.token,
      abi,
      functionName: 'mint',
      args: [key(name).address, amount],
    })
    await client.waitForTransactionReceipt({ hash })
    await as(name).send('token', 'approve', [addresses.market, amount])
    await as(name).send('market', 'deposit', [amount])
  }
  const committee = await registerCommittee(addresses, key, as)
  await as('provider').send('registry', 'setProvider', [
    { key: key('provider').address, payee: key('provider').address, endpoints: 'here', machines: [word('chip')] },
  ])
  await mint('buyer', 10n ** 15n)
  return {
    anvil,
    addresses,
    fromBlock,
    committee,
    key,
    as,
    deployer: client,
    ...actions({ anvil, addresses, committee, key, as }),
  }
}

async function registerCommittee(
  addresses: Addresses,
  key: (name: string) => SigningKey,
  as: (name: string) => ChainWriter,
): Promise<Committee> {
  const members = [0, 1, 2].map((i) => {
    const { address } = key(`keeper-${i}`)
    const hpkeKey = toHex(concat(...Array.from({ length: 38 }, (_, j) => fromHex(word(`hpke ${i} ${j}`), 32))))
    return { hpkeKey, address }
  })
  const domain = { ...allodDomain(CHAIN_ID, addresses.registry) }
  for (const [i, keys] of members.entries()) {
    const [signer, writer] = [key(`keeper-${i}`), as(`keeper-${i}`)]
    const payee = word(`payee ${i}`).slice(0, 42) as Hex
    const seat = { keeper: keeperId(keys), account: signer.address, payee }
    const record = {
      account: signer.address,
      signer: signer.address,
      payee,
      evidenceHash: word('evidence'),
      perOrder: 100n,
      perSecond: 3n * 10n ** 12n,
      hpkeKey: keys.hpkeKey,
      operator: `operator ${i}`,
      endpoint: 'here',
    }
    await writer.send('registry', 'registerKeeper', [record, signDigest(signer, typedDigest(domain, seatType, seat))])
  }
  const committee = newCommittee(2, members)
  await as('keeper-0').send('registry', 'registerCommittee', [2, committee.members.map(keeperId)])
  return committee
}

type Parts = {
  readonly anvil: Anvil
  readonly addresses: Addresses
  readonly committee: Committee
  readonly key: (name: string) => SigningKey
  readonly as: (name: string) => ChainWriter
}

/** What people do on the market, as short as tests want it. */
function actions({ anvil, addresses, committee, key, as }: Parts) {
  const domain = allodDomain(CHAIN_ID, addresses.market)
  const committeeOf = committeeId(committee)
  let salts = 0

  const offer = (name: string, kind: 1 | 2 | 3, more: Partial<Offer> = {}): Offer => ({
    owner: key(name).address,
    payee: key(name).address,
    token: addresses.token,
    kind,
    subject: word(`${name} subject`),
    manifestHash: word('manifest'),
    policyHash: word('policy'),
    committee: kind === 2 ? committeeOf : ZERO,
    terms: ZERO,
    perSecond: '100000000000000',
    perOrder: '1000',
    minSeconds: 60,
    maxSeconds: 100_000,
    capacity: 0,
    maxRuns: 0,
    expiry: 4_000_000_000,
    epoch: 0,
    salt: word(`salt ${++salts}`),
    ...more,
  })
  const signed = (name: string, o: Offer): Hex => signDigest(key(name), offerDigest(domain, o))
  const vote = (type: Eip712Type, message: Parameters<typeof typedDigest>[2], count = 2): readonly Hex[] => {
    const digest = typedDigest(domain, type, message)
    const votes = [0, 1, 2].slice(0, count).map((i) => {
      const signer = key(`keeper-${i}`)
      return { signer: signer.address, signature: signDigest(signer, digest) }
    })
    return ascending(votes).map((v) => v.signature)
  }
  const termsOf = async (offers: readonly Offer[], salt: Hex, lanes: MarketTerms['lanes']): Promise<MarketTerms> => ({
    buyer: key('buyer').address,
    salt,
    specHash: word('spec'),
    secs: SECONDS,
    offers: offers.map(offerHash),
    lanes,
  })
  /** Creates an order on offers by these names, compute first. */
  const create = async (
    offers: readonly (readonly [name: string, offer: Offer])[],
    lanes: MarketTerms['lanes'],
    job: JobKind = 'finetune',
  ): Promise<{ readonly order: Hex; readonly terms: MarketTerms }> => {
    const salt = word(`order ${++salts}`)
    const terms = await termsOf(
      offers.map(([, o]) => o),
      salt,
      lanes,
    )
    await as('buyer').send('market', 'create', [
      offers.map(([, o]) => offerArgs(o)),
      offers.map(([name, o]) => signed(name, o)),
      {
        committee: committeeOf,
        specHash: terms.specHash,
        salt,
        secs: SECONDS,
        job: jobKinds[job],
        maxEscrow: 10n ** 30n,
      },
    ])
    return { order: orderIdOf(terms, CHAIN_ID, addresses.market), terms }
  }
  /** The chain's time, seconds. */
  const time = async (): Promise<number> => {
    const block = (await anvil.rpc('eth_getBlockByNumber', ['latest', false])) as { timestamp: Hex }
    return Number(block.timestamp)
  }
  const start = async (order: Hex, terms: MarketTerms): Promise<void> => {
    const { attestation, votes } = await attested(order, 1)
    await as('provider').send('market', 'start', [termsArgs(terms), attestation, votes])
  }
  const attested = async (order: Hex, generation: number) => {
    const attestation = {
      enclave: key('enclave').address,
      grantKeyHash: word('grant key'),
      build: BUILD,
      evidenceHash: word('evidence'),
      validUntil: BigInt((await time()) + 1000),
    }
    const votes = vote(enclaveAttested, { order, generation, ...attestation, committee: committeeOf })
    return { attestation, votes }
  }
  const beat = async (order: Hex, from: number, upTo: number): Promise<void> => {
    const votes = vote(alive, { order, generation: 1, from, upTo })
    await as('stranger').send('market', 'beat', [order, 1, BigInt(from), BigInt(upTo), votes])
  }
  const report = async (order: Hex, lineage: Hex = ZERO): Promise<void> => {
    const digest = typedDigest(domain, reported, { order, generation: 1, reportHash: word('report'), lineage })
    await as('stranger').send('market', 'report', [
      order,
      1,
      word('report'),
      lineage,
      signDigest(key('enclave'), digest),
    ])
  }
  const pass = async (seconds: number): Promise<void> => {
    await anvil.rpc('evm_increaseTime', [seconds])
    await anvil.rpc('evm_mine')
  }
  return { offer, signed, create, start, beat, report, time, pass, attested, committeeOf }
}
