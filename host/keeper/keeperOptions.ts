import { parseArgs } from 'node:util'
import { fail } from './errors.ts'
import type { KeeperOptions } from './startKeeper.ts'

const USAGE =
  'main.ts --data DIR --chip SOCKET --rootfs DIR --config FILE [--port N] --rpc NAME=URL --rpc NAME=URL [--unisolated]'

/** The options of a command line. @throws keeper-host/bad-option */
export function keeperOptions(args: readonly string[]): KeeperOptions {
  const { values } = parseArgs({
    args: [...args],
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
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw fail('bad-option', { expected: 'a port', actual: values.port })
  return {
    data: required('data'),
    chip: required('chip'),
    rootfs: required('rootfs'),
    configFile: required('config'),
    port,
    rpcs: Object.fromEntries(rpcs),
    isolation: values.unisolated ? 'none' : 'bubblewrap',
  }
}
