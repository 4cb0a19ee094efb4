#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { isAllodError } from '@allod/protocol'
import { fail } from './errors.ts'
import { readKeyFile } from './readKeyFile.ts'
import { type RunningStore, startStore } from './startStore.ts'

// Left to the rest of the machine.
const RESERVE_BYTES = 256 * 2 ** 20

async function main(): Promise<RunningStore> {
  const { data, port, key, host, quota, unsynced } = readArguments()
  const store = await startStore({
    dir: data,
    port,
    host,
    key: await readKeyFile(key),
    quotaBytes: quota,
    reserveBytes: RESERVE_BYTES,
    isSynced: !unsynced,
    log: (error) => console.error(error),
  })
  console.log(JSON.stringify({ ready: true, port: store.port, address: store.address }))
  return store
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        port: { type: 'string', default: '0' },
        key: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        quota: { type: 'string' },
        unsynced: { type: 'boolean', default: false },
      },
    })
    const { data, key, host, unsynced } = values
    if (data === undefined || key === undefined) throw new Error('--data and --key are needed')
    const quota = values.quota === undefined ? null : whole(values.quota, Number.MAX_SAFE_INTEGER)
    return { data, key, host, unsynced, quota, port: whole(values.port, 65_535) }
  } catch (cause) {
    throw fail('bad-arguments', { cause, actual: cause instanceof Error ? cause.message : String(cause) })
  }
}

function whole(text: string, most: number): number {
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || value > most) throw new Error(`${text} is not a number from 0 to ${most}`)
  return value
}

try {
  const store = await main()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void store.stop())
} catch (error) {
  console.error(isAllodError(error) ? JSON.stringify(error.toJSON()) : error)
  process.exitCode = 1
}
