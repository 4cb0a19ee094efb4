import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { evidenceHash, evidenceShape } from '@allod/attestation'
import { type Hex, keeperKeysShape, type Shape, type SigningKey, seatReplyShape, toHex } from '@allod/protocol'
import { writeWhole } from '../files/writeWhole.ts'
import type { Deployment } from './deployment.ts'
import { onceItAnswers } from './onceItAnswers.ts'
import { chainId, type keeperNames, type Layout } from './plan.ts'
import { hostProgram, startWithData } from './programs.ts'
import type { SeatedKeeper } from './register.ts'

/** What every keeper of the devnet is started with. */
export type KeeperPlace = {
  readonly deployment: Deployment
  readonly keeperRootfs: string
  readonly keyOf: (name: string) => SigningKey
  readonly simulatedRoot: Hex
  readonly rpcUrl: string
  readonly isolation: 'bubblewrap' | 'none'
}

/** Starts a keeper in its sandbox and asks it who it is. @throws devnet/process-failed */
export async function startKeeper(
  layout: Layout,
  name: (typeof keeperNames)[number],
  place: KeeperPlace,
): Promise<SeatedKeeper> {
  const { deployment, keeperRootfs, keyOf, simulatedRoot, rpcUrl, isolation } = place
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
  writeWhole(configFile, JSON.stringify(config))
  const port = ports.keepers[name]
  await startWithData(layout, name, hostProgram('keeper'), [
    ...['--chip', layout.chipSocket, '--rootfs', keeperRootfs, '--config', configFile, '--port', `${port}`],
    ...['--rpc', `rpc-a=${rpcUrl}`, '--rpc', `rpc-b=${rpcUrl}`],
    ...(isolation === 'none' ? ['--unisolated'] : []),
  ])
  const url = `http://127.0.0.1:${port}`
  const status = await onceItAnswers(name, () =>
    getJson(`${url}/status`, (v) => keeperKeysShape((v as { keys?: unknown }).keys)),
  )
  const bundle = await getJson(`${url}/evidence?nonce=${toHex(randomBytes(32))}`, evidenceShape)
  return {
    name,
    url,
    keys: status,
    seat: await getJson(`${url}/seat`, seatReplyShape),
    evidenceHash: evidenceHash(bundle),
  }
}

async function getJson<T>(url: string, shape: Shape<T>): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${(await response.text()).slice(0, 300)}`)
  return shape(await response.json())
}
