import { dirname, resolve } from 'node:path'
import { fail } from '../errors.ts'
import { type Network, parseNetwork } from '../network/network.ts'
import { readJson } from './files.ts'

/** A network and the folder its description lies in. */
export type LocalNetwork = { readonly network: Network; readonly folder: string; readonly path: string }

/** Where `npx allod up` writes the description of the devnet, from the folder it is run in. */
export const DEFAULT_NETWORK_FILE = '.allod/network.json'

/**
 * Reads a network description.
 * @throws sdk/no-network where the file is missing, protocol/bad-shape, sdk/unsafe-network
 */
export async function readNetwork(path: string = DEFAULT_NETWORK_FILE): Promise<LocalNetwork> {
  const absolute = resolve(path)
  const value = await readJson(absolute)
  if (value === null) throw fail('no-network', { actual: path })
  return { network: parseNetwork(value), folder: dirname(absolute), path: absolute }
}
