import { type Hex, isAllodError, isHex } from '@allod/protocol'
import { type Allod, type Currency, getOffer, kindOf, type PolicyChoices, parseAmount, ratePerHour } from '@allod/sdk'
import type { Options, Values } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'
import { addressOf } from './addressOf.ts'
import { integerOption } from './integerOption.ts'

/** Options that make a policy; what is left out stays strict. */
export const policyOptions = {
  purposes: { type: 'string', value: '<list>', says: 'finetune, serve, run; finetune,serve unless told' },
  export: {
    type: 'string',
    value: '<list>',
    says: 'what the buyer may take out: adapter, full, data; nothing unless told',
  },
  buyers: {
    type: 'string',
    value: '<list>',
    says: 'addresses that may order, or any; unless told any of what is published, you alone of what is sealed',
  },
  engines: {
    type: 'string',
    value: '<list>',
    says: 'offers or digests of the engines that may read it, or any: then also one that tells all it reads',
  },
  builds: {
    type: 'string',
    value: '<list>',
    says: 'digests of the builds that may open it; the curator’s unless told',
  },
  'build-notice': {
    type: 'string',
    value: '<seconds>',
    says: 'how long the curator must have announced a build beforehand; what the contract asks unless told',
  },
  'royalty-bps': { type: 'string', value: '<n>', says: 'owed by whatever derives from it, in hundredths of a percent' },
  'royalty-floor': { type: 'string', value: '<amount>', says: 'at least so much per order' },
  'royalty-floor-hour': { type: 'string', value: '<amount>', says: 'at least so much per hour' },
  'lease-seconds': { type: 'string', value: '<n>', says: 'how often keepers must renew; 600 unless told' },
} as const satisfies Options

const purposes = ['finetune', 'run', 'serve'] as const
const exports_ = ['adapter', 'full', 'data'] as const

/**
 * The choices of a command line.
 * @throws cli/bad-usage, sdk/bad-amount, sdk/ambiguous-offer, sdk/unknown-offer
 */
export async function policyChoices(values: Values, allod: Allod): Promise<PolicyChoices> {
  const { currency } = allod.network
  const wanted = listOf(values.purposes)
  const allowed = listOf(values.export)
  return {
    ...(wanted.length === 0 ? {} : { purposes: wanted.map((w) => oneOf('purposes', purposes, w)) }),
    ...(allowed.length === 0
      ? {}
      : { export: Object.fromEntries(allowed.map((w) => [oneOf('export', exports_, w), 'buyer'])) }),
    ...(values.buyers === undefined
      ? {}
      : { buyers: isAny(values.buyers) ? 'any' : listOf(values.buyers).map((b) => addressOf('buyers', b)) }),
    ...(values.engines === undefined ? {} : { engines: await enginesOf(values.engines, allod) }),
    ...buildsOf(values),
    royalty: {
      bps: integerOption(values, 'royalty-bps', { otherwise: 0, max: 5000 }),
      floorPerOrder: String(parseAmount(String(values['royalty-floor'] ?? '0'), currency)),
      floorPerSecond: String(ratePerHour(String(values['royalty-floor-hour'] ?? '0'), currency)),
    },
    lease: { ttlSeconds: integerOption(values, 'lease-seconds', { otherwise: 600, min: 2, max: 86_400 }) },
  }
}

const isAny = (value: Values[string]): boolean => value === 'any'

async function enginesOf(value: Values[string], allod: Allod): Promise<'any' | readonly Hex[]> {
  if (isAny(value)) return 'any'
  const digests = await Promise.all(listOf(value).map((word) => engineOf(word, allod)))
  return [...new Set(digests)]
}

// A policy keeps digests: an offer's name could be somebody else's tomorrow.
async function engineOf(word: string, allod: Allod): Promise<Hex> {
  try {
    const listing = await getOffer(allod, word)
    if (kindOf(listing) !== 'engine') throw fail('bad-usage', { expected: 'an engine', actual: word })
    return listing.offer.subject
  } catch (error) {
    if (isAllodError(error, 'sdk/unknown-offer') && isHex(word.toLowerCase(), 32)) return digestOf('engines', word)
    throw error
  }
}

function buildsOf(values: Values): Pick<PolicyChoices, 'builds'> {
  const [pinned, notice] = [listOf(values.builds), values['build-notice']]
  if (pinned.length > 0 && notice !== undefined)
    throw fail('bad-usage', { expected: '--builds or --build-notice, not both' })
  if (pinned.length > 0) return { builds: pinned.map((b) => digestOf('builds', b)) }
  return notice === undefined
    ? {}
    : { builds: integerOption(values, 'build-notice', { otherwise: 0, max: 31_536_000 }) }
}

/** Options that make an offer. */
export const priceOptions = {
  'per-hour': { type: 'string', value: '<amount>', says: 'price of an hour' },
  'per-order': { type: 'string', value: '<amount>', says: 'price of an order; it vests with the report' },
  'min-seconds': { type: 'string', value: '<n>', says: 'shortest order' },
  'max-seconds': { type: 'string', value: '<n>', says: 'longest order' },
  capacity: { type: 'string', value: '<n>', says: 'orders at once; no limit unless told' },
  'max-runs': { type: 'string', value: '<n>', says: 'orders in all; no limit unless told' },
  'expires-in-days': { type: 'string', value: '<n>', says: 'until when it can be ordered; 365 unless told' },
} as const satisfies Options

/** Price and limits of a command line. @throws sdk/bad-amount, cli/bad-usage */
export function offerChoices(values: Values, currency: Currency) {
  const price = {
    perSecond: ratePerHour(String(values['per-hour'] ?? '0'), currency),
    perOrder: parseAmount(String(values['per-order'] ?? '0'), currency),
  }
  const limits = {
    minSeconds: integerOption(values, 'min-seconds', { otherwise: 1, min: 1, max: 0xffffffff }),
    maxSeconds: integerOption(values, 'max-seconds', { otherwise: 30 * 86_400, min: 1, max: 0xffffffff }),
    capacity: integerOption(values, 'capacity', { otherwise: 0, max: 0xffffffff }),
    maxRuns: integerOption(values, 'max-runs', { otherwise: 0, max: 0xffffffff }),
    expiresInSeconds: 86_400 * integerOption(values, 'expires-in-days', { otherwise: 365, min: 1, max: 36_500 }),
  }
  return { price, limits }
}

const listOf = (value: Values[string]): readonly string[] =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((w) => w.trim())
        .filter(Boolean)
    : []

function oneOf<const T extends string>(option: string, allowed: readonly T[], word: string): T {
  const found = allowed.find((a) => a === word)
  if (found === undefined) throw fail('bad-usage', { expected: `--${option} ${allowed.join(',')}`, actual: word })
  return found
}

function digestOf(option: string, word: string): Hex {
  const lower = word.toLowerCase()
  if (!isHex(lower, 32)) throw fail('bad-usage', { expected: `--${option} 0x… of 32 bytes`, actual: word })
  return lower
}
