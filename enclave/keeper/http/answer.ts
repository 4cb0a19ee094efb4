import {
  AllodError,
  admissionShape,
  allodDomain,
  type Hex,
  hex,
  isAllodError,
  isPassing,
  type Json,
  record,
  releaseShape,
  renewShape,
  type Shape,
  seatType,
  signDigest,
  typedDigest,
  type VerifierNonce,
} from '@allod/protocol'
import { grant } from '../decide/grant.ts'
import { release } from '../decide/release.ts'
import { renew } from '../decide/renew.ts'
import { vote } from '../decide/vote.ts'
import { fail } from '../errors.ts'
import type { Keeper } from '../Keeper.ts'
import { newChallenge } from '../keys/challenge.ts'
import { statusOf } from './statusOf.ts'

/** A handler of HTTP requests. @see serveHttp */
export type Answer = (request: Request) => Promise<Response>

type Entry = Parameters<Keeper['log']['append']>[0]
type Subject = Pick<Entry, 'order' | 'generation' | 'enclave'>

/** How many refusals of an order this boot has logged. */
type Refusals = Map<Hex, number>

/** Requests judged at the same time; one more waits for nobody. */
const MAX_AT_ONCE = 32
/** Bodies read at the same time. One that comes slowly keeps nobody from being judged. */
const MAX_BEING_READ = 64

/** Refusals of one order that are logged, and orders of which any are: what a boot can be made to write down in vain. */
const MAX_REFUSALS = 32
const MAX_REFUSED_ORDERS = 100_000

const NOTHING: Hex = `0x${'00'.repeat(32)}`
const NOBODY: Hex = `0x${'00'.repeat(20)}`

/** Answers a keeper's requests: strict JSON in and out, errors as `AllodError.toJSON` under a status of their kind. */
export function answer(keeper: Keeper): Answer {
  const gates: Gates = { reading: newGate(MAX_BEING_READ), judging: newGate(MAX_AT_ONCE) }
  const refusals: Refusals = new Map()
  return async (request) => {
    try {
      return Response.json(await route(request, keeper, gates, refusals))
    } catch (error) {
      if (error instanceof AllodError) return Response.json(error, { status: statusOf(error) })
      throw error
    }
  }
}

/** Does something while fewer than so many others do. @throws keeper/busy */
type Gate = <T>(work: () => Promise<T>) => Promise<T>
type Gates = { readonly reading: Gate; readonly judging: Gate }

function newGate(max: number): Gate {
  let inside = 0
  return async (work) => {
    if (inside >= max) throw fail('busy', { expected: max })
    inside++
    try {
      return await work()
    } finally {
      inside--
    }
  }
}

async function route(request: Request, keeper: Keeper, gates: Gates, refusals: Refusals): Promise<Json> {
  const { pathname, searchParams } = new URL(request.url)
  const judged = async <T>(
    shape: Shape<T>,
    subjectOf: (asked: T) => Subject,
    decide: (asked: T, keeper: Keeper) => Promise<Json>,
  ): Promise<Json> => {
    const asked = await gates.reading(() => parsed(request, shape))
    return gates.judging(() => decided(keeper, asked, subjectOf, decide, refusals))
  }
  switch (`${request.method} ${pathname}`) {
    case 'POST /challenge':
      return challenge(keeper)
    case 'POST /vote':
      return judged(admissionShape, ofAdmission, vote)
    case 'POST /grant':
      return judged(admissionShape, ofAdmission, grant)
    case 'POST /renew':
      return judged(renewShape, ({ lease }) => lease, renew)
    case 'POST /release':
      return judged(releaseShape, ofRelease, release)
    case 'GET /evidence':
      return gates.judging(async () => (await keeper.ownEvidence(verifierNonce(searchParams))) as Json)
    case 'GET /seat':
      return seat(keeper)
    case 'GET /status':
      return status(keeper)
    default:
      throw fail('not-found', { actual: `${request.method} ${pathname}`.slice(0, 80) })
  }
}

/**
 * Decides, and logs a refusal under its code where the chain has the order: everybody could make up others, and as many as it
 * takes to fill the log, without which a keeper does nothing. An entry that cannot be written takes nothing back: nothing was
 * given.
 */
async function decided<T, R extends Json>(
  keeper: Keeper,
  request: T,
  subjectOf: (request: T) => Subject,
  decide: (request: T, keeper: Keeper) => Promise<R>,
  refusals: Refusals,
): Promise<R> {
  let isOnChain = false
  // The chain is asked about an order only once the request's terms were found to be that order's.
  const readChain: Keeper['readChain'] = async (query) => {
    const facts = await keeper.readChain(query)
    isOnChain = facts.order.state !== 'none'
    return facts
  }
  try {
    return await decide(request, { ...keeper, readChain })
  } catch (error) {
    const { order, generation, enclave } = subjectOf(request)
    if (isOnChain && isRefusal(error) && hasRoom(refusals, order)) {
      const entry = { kind: 'refuse', order, generation, enclave, subject: NOTHING, outcome: error.code } as const
      await keeper.log.append(entry).catch(() => undefined)
    }
    throw error
  }
}

// What passes by itself is asked again every moment: it costs nobody an order, and would leave no room for what does.
const isRefusal = (error: unknown): error is AllodError =>
  isAllodError(error) && !isPassing(error.code) && !error.code.startsWith('chain/')

/** Counts a refusal that is logged. */
function hasRoom(refusals: Refusals, order: Hex): boolean {
  const count = refusals.get(order) ?? 0
  if (count >= MAX_REFUSALS || (count === 0 && refusals.size >= MAX_REFUSED_ORDERS)) return false
  refusals.set(order, count + 1)
  return true
}

const ofAdmission = ({ launch }: { readonly launch: { readonly message: Subject } }): Subject => launch.message

const ofRelease = ({ order }: { readonly order: Hex }): Subject => ({ order, generation: 0, enclave: NOBODY })

function challenge({ keys, config, now, random }: Keeper): Json {
  return newChallenge(keys.id, keys.challengeMac, {
    now: now(),
    forSeconds: config.challengeSeconds,
    random: random(32),
  })
}

function status({ keys, config, now }: Keeper): Json {
  const { chainId, addresses, build, simulatedRoot } = config
  return {
    keeper: keys.id,
    keys: { hpkeKey: keys.hpke.publicKey, address: keys.signing.address },
    chainId,
    market: addresses.market,
    build,
    simulatedRoot,
    time: now(),
  }
}

// Measured configuration names the account, so the signature helps nobody else.
function seat({ keys, config }: Keeper): Json {
  const { account, payee } = config.seat
  const domain = allodDomain(BigInt(config.chainId), config.addresses.registry)
  const digest = typedDigest(domain, seatType, { keeper: keys.id, account, payee })
  return { keeper: keys.id, account, payee, signature: signDigest(keys.signing, digest) }
}

const nonceQuery = record({ nonce: hex(32), id: hex(32) })

function verifierNonce(query: URLSearchParams): VerifierNonce {
  return nonceQuery({ id: NOTHING, ...Object.fromEntries(query) })
}

async function parsed<T>(request: Request, shape: Shape<T>): Promise<T> {
  let value: unknown
  try {
    value = JSON.parse(await request.text())
  } catch (cause) {
    if (isAllodError(cause)) throw cause
    throw fail('bad-request', { expected: 'JSON', cause })
  }
  return shape(value)
}
