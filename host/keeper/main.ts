#!/usr/bin/env node
// The host's side of a keeper:
// main.ts --data DIR --chip SOCKET --rootfs DIR --config FILE [--port N] --rpc NAME=URL --rpc NAME=URL [--unisolated]
import { parseArgs } from 'node:util'
import { AllodError } from '@allod/protocol'
import { fail } from './errors.ts'
import { type KeeperOptions, startKeeper } from './startKeeper.ts'

const USAGE =
  'main.ts --data DIR --chip SOCKET --rootfs DIR --config FILE [--port N] --rpc NAME=URL --rpc NAME=URL [--unisolated]'

function options(): KeeperOptions {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      chip: { type: 'string' },
      rootfs: { type: 'string' },
      config: { type: 'string' },
      port: { type: 'string', default: '0' },
      rpc: { type: 'string', multiple: true, default: [] },
      unisolated: { type: 'boolean', default: false },
    },
  })
  const required = (name: 'data' | 'chip' | 'rootfs' | 'config'): string => {
    const value = values[name]
    if (value === undefined) throw fail('bad-option', { expected: USAGE, actual: `--${name} is missing` })
    return value
  }
  const rpcs = values.rpc.map((given) => {
    const [, name, url] = /^(rpc-[a-z0-9-]+)=(https?:\/\/.+)$/.exec(given) ?? []
    if (name === undefined || url === undefined) throw fail('bad-option', { expected: 'rpc-NAME=URL', actual: given })
    return [name, url] as const
  })
  return {
    data: required('data'),
    chip: required('chip'),
    rootfs: required('rootfs'),
    configFile: required('config'),
    port: Number(values.port),
    rpcs: Object.fromEntries(rpcs),
    isolation: values.unisolated ? 'none' : 'bubblewrap',
  }
}

try {
  const keeper = await startKeeper(options())
  process.stdout.write(`${JSON.stringify({ ready: true, port: keeper.port, ...keeper.status })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void keeper.stop().then(() => process.exit(0)))
} catch (error) {
  process.stderr.write(`${error instanceof AllodError ? JSON.stringify(error) : String(error)}\n`)
  process.exit(1)
}
