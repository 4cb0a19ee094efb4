import { existsSync, readFileSync } from 'node:fs'
import { hex, integer, nullable, record, type Shaped } from '@allod/protocol'
import { writeWhole } from '../files/writeWhole.ts'

/** What the devnet did once and must not do again. Whatever the chain can be asked is not in here. */
export const deploymentShape = record({
  /** Ports are chosen once, so that a restarted process is found where it was. */
  ports: record({
    chain: integer(1, 65_535),
    gateway: integer(1, 65_535),
    provider: integer(1, 65_535),
    keepers: record({ 'keeper-1': integer(1, 65_535), 'keeper-2': integer(1, 65_535), 'keeper-3': integer(1, 65_535) }),
    stores: record({ 'store-1': integer(1, 65_535), 'store-2': integer(1, 65_535) }),
  }),
  chain: nullable(
    record({
      addresses: record({
        token: hex(20),
        catalog: hex(20),
        assets: hex(20),
        registry: hex(20),
        trust: hex(20),
        market: hex(20),
      }),
      fromBlock: integer(),
      runtime: hex(32),
      keeper: hex(32),
    }),
  ),
})
export type Deployment = Shaped<typeof deploymentShape>

/** Reads what was done; null for a new network. @throws protocol/bad-shape */
export const readDeployment = (path: string): Deployment | null =>
  existsSync(path) ? deploymentShape(JSON.parse(readFileSync(path, 'utf8'))) : null

/** Records what was done, whole or not at all. */
export function writeDeployment(path: string, deployment: Deployment): void {
  writeWhole(path, JSON.stringify(deployment, null, 1))
}
