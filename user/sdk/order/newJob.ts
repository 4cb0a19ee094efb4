import { manifestObjectId } from '@allod/content'
import {
  committeeId,
  type Hex,
  type JobInput,
  type JobSpec,
  jobSpecShape,
  type OrderTerms,
  orderId,
  specHash,
  toHex,
} from '@allod/protocol'
import { fail } from '../errors.ts'
import type { Network } from '../network/network.ts'
import { noRoyalty } from '../policy/newPolicy.ts'
import { type OrderKeys, orderKeys } from '../wallet/orderKeys.ts'
import type { Wallet } from '../wallet/wallet.ts'
import type { Quote } from './quote.ts'

/** How the engine shall run, beside what is ordered. */
export type JobChoices = {
  readonly parameters?: JobSpec['engine']['parameters']
  readonly seed?: number
  /** Default 2 GiB. */
  readonly memoryBytes?: number
  /** Default 256 MiB. */
  readonly outputBytes?: number
  /** Of an agent; default 600. */
  readonly requestsPerMinute?: number
}

/** An order worked out to its id, before anything is sent. */
export type NewJob = {
  readonly order: Hex
  readonly spec: JobSpec
  readonly terms: OrderTerms
  readonly keys: OrderKeys
}

/** Writes job spec and terms of a quote, each with a fresh salt. @throws sdk/not-sealed, protocol/bad-shape for choices out of range */
export async function newJob(
  network: Network,
  wallet: Wallet,
  quote: Quote,
  choices: JobChoices = {},
): Promise<NewJob> {
  const { request, offers, lanes } = quote
  const salt = randomSalt()
  const keys = await orderKeys(wallet, salt)
  const spec = jobSpecShape({
    version: 1,
    kind: request.kind,
    inputs: inputsOf(quote),
    engine: {
      digest: request.engine.offer.subject,
      // Written out, because policies let adapters and whole models leave under different clauses.
      parameters: { ...(request.kind === 'finetune' ? { method: 'lora' } : {}), ...choices.parameters },
      seed: choices.seed ?? 0,
    },
    build: network.builds.runtime,
    limits: {
      memoryBytes: choices.memoryBytes ?? 2 ** 31,
      seconds: request.seconds,
      outputBytes: choices.outputBytes ?? 2 ** 28,
    },
    committee: committeeId(network.committee),
    stores: network.stores,
    recipients: { results: keys.results.publicKey, logs: keys.logs.publicKey },
    serve:
      request.kind === 'serve'
        ? { tokenIssuer: keys.tokens.address, requestsPerMinute: choices.requestsPerMinute ?? 600 }
        : null,
    derived: { royalty: request.royalty ?? noRoyalty },
    salt,
  })
  const terms: OrderTerms = {
    chainId: network.chainId,
    market: network.addresses.market,
    buyer: wallet.key.address,
    salt: randomSalt(),
    offers: offers.map((o) => o.offer),
    lanes: lanes.map((l) => ({ ...l, perSecond: String(l.perSecond), perOrder: String(l.perOrder) })),
    specHash: specHash(spec),
    seconds: request.seconds,
  }
  return { order: orderId(terms), spec, terms, keys }
}

function inputsOf({ request, manifests }: Quote): { readonly [name: string]: JobInput } {
  const inputs = Object.entries(request.inputs).map(([name, input]): readonly [string, JobInput] => {
    if (input.kind === 'public') return [name, input]
    if (input.kind === 'unsealed') throw fail('not-sealed', { actual: name })
    const manifest = manifests[name]
    if (manifest === undefined) throw new TypeError(`no manifest of input ${name}`)
    const manifestHash = input.kind === 'offer' ? input.offer.offer.manifestHash : input.manifestHash
    return [name, { kind: 'object', objectId: manifestObjectId(manifest), manifestHash }]
  })
  return Object.fromEntries(inputs)
}

const randomSalt = (): Hex => toHex(crypto.getRandomValues(new Uint8Array(32)))
