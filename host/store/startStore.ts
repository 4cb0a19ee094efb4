import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hex, SigningKey } from '@allod/protocol'
import { type DiskOptions, openDisk } from './disk.ts'
import { newHandler } from './handler.ts'

export type StoreOptions = DiskOptions & {
  /** Signs receipts; its address is the node's name. */
  readonly key: SigningKey
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly limits?: Partial<StoreLimits>
  /** Told of failures of the node itself. */
  readonly log?: ((error: unknown) => void) | undefined
}

export type StoreLimits = {
  readonly connections: number
  readonly uploads: number
  /** Silence after which a connection is closed. */
  readonly idleMs: number
  /** How long `stop` waits for requests under way. */
  readonly stopMs: number
}

export type RunningStore = { readonly port: number; readonly address: Hex; stop(): Promise<void> }

const LIMITS: StoreLimits = { connections: 512, uploads: 32, idleMs: 60_000, stopMs: 5_000 }
/** Starts a storage node: content-addressed, hash-checked, with signed receipts. */
export async function startStore(options: StoreOptions): Promise<RunningStore> {
  const limits = { ...LIMITS, ...options.limits }
  const disk = await openDisk(options)
  const server = createServer(newHandler({ disk, key: options.key, maxUploads: limits.uploads, log: options.log }))
  server.maxConnections = limits.connections
  server.headersTimeout = 10_000
  server.requestTimeout = 600_000
  server.timeout = limits.idleMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => resolve())
  })
  return {
    port: (server.address() as AddressInfo).port,
    address: options.key.address,
    stop: () => stop(server, limits.stopMs),
  }
}

/** Requests under way may finish; after `stopMs` they may not. What was receipted is on disk either way. */
async function stop(server: Server, stopMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), stopMs)
  await closed
  clearTimeout(timer)
}
