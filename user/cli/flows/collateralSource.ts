import { dirname, join } from 'node:path'
import {
  type CollateralSource,
  type Endpoints,
  endpointsShape,
  httpSource,
  makersEndpoints,
} from '@allod/attestation/collateral'
import { cachedSource } from '@allod/attestation/collateral/cache'
import { isAllodError } from '@allod/protocol'
import { readJson } from '@allod/sdk/node'
import type { Context } from '../frame/Context.ts'
import type { Options } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

/** Options by which collateral is fetched. */
export const sourceOptions = {
  endpoints: {
    type: 'string',
    value: '<file>',
    says: `services in the makers’ place, as JSON: ${Object.keys(makersEndpoints).join(', ')}`,
  },
} as const satisfies Options

/**
 * The makers' services, or those of `--endpoints`, behind a cache of a day beside the configuration.
 * @throws cli/bad-usage
 */
export async function collateralSource({
  values,
  config,
}: Pick<Context, 'values' | 'config'>): Promise<{ readonly source: CollateralSource; readonly endpoints: Endpoints }> {
  const cache = join(dirname(config.path), 'collateral')
  const now = (): number => Math.floor(Date.now() / 1000)
  return { source: cachedSource(cache, httpSource(), { now }), endpoints: await endpointsOption(values.endpoints) }
}

async function endpointsOption(given: unknown): Promise<Endpoints> {
  if (typeof given !== 'string') return makersEndpoints
  const value = await readJson(given)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fail('bad-usage', { expected: 'a file with an object of endpoints', actual: given })
  try {
    return endpointsShape({ ...makersEndpoints, ...value })
  } catch (cause) {
    const meta = isAllodError(cause) ? cause.meta : {}
    throw fail('bad-usage', { ...meta, meta: { file: given, path: meta.path }, cause })
  }
}
