import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hex } from '@allod/protocol'
import type { Abi } from 'viem'

/** A compiled contract. */
export type Artifact = { readonly name: string; readonly abi: Abi; readonly bytecode: Hex }

const read = (name: string): Artifact =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'artifacts', `${name}.json`), 'utf8')) as Artifact

/** Everything that `build.ts` compiled. `TestToken` is for devnets only. */
export const artifacts = {
  assets: read('Assets'),
  catalog: read('Catalog'),
  market: read('Market'),
  registry: read('Registry'),
  testToken: read('TestToken'),
  trust: read('Trust'),
} as const
