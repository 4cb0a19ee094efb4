#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { isAllodError } from '@allod/protocol'
import { fail } from './errors.ts'
import { type RunningGateway, startGateway } from './startGateway.ts'

const USAGE =
  'main.ts --admin SOCKET [--port N] [--tls-port N] [--host ADDRESS] [--domain NAME] [--state FILE]; without --tls-port no TLS'

async function main(): Promise<RunningGateway> {
  const options = readArguments()
  const gateway = await startGateway({
    ...options,
    log: (error) => console.error(isAllodError(error) ? JSON.stringify(error) : error),
  })
  console.log(
    JSON.stringify({
      ready: true,
      port: gateway.port,
      tlsPort: gateway.tlsPort,
      admin: options.admin,
      domain: options.domain,
    }),
  )
  return gateway
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        'tls-port': { type: 'string' },
        admin: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        domain: { type: 'string', default: 'allod.localhost' },
        state: { type: 'string' },
      },
    })
    const { admin, host, domain, state = null } = values
    if (admin === undefined) throw new Error('--admin is needed')
    const tlsPort = values['tls-port']
    return {
      admin,
      host,
      domain,
      state,
      port: port(values.port),
      tlsPort: tlsPort === undefined ? null : port(tlsPort),
    }
  } catch (cause) {
    throw fail('bad-arguments', { cause, actual: cause instanceof Error ? cause.message : String(cause), hint: USAGE })
  }
}

function port(text: string): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`${text} is not a port`)
  return Number(text)
}

try {
  const gateway = await main()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void gateway.stop())
} catch (error) {
  console.error(isAllodError(error) ? JSON.stringify(error) : error)
  process.exitCode = 1
}
