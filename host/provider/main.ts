#!/usr/bin/env node
// A provider's daemon: main.ts --config FILE --data DIR --key FILE [--port N] [--host ADDRESS]
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AllodError, fromHex, newSigningKey } from '@allod/protocol'
import { readConfig } from './config.ts'
import { startProvider } from './startProvider.ts'

const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    data: { type: 'string' },
    key: { type: 'string' },
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
  },
})
const { config, data, key, port, host } = values
if (config === undefined || data === undefined || key === undefined) {
  process.stderr.write('usage: main.ts --config FILE --data DIR --key FILE [--port N] [--host ADDRESS]\n')
  process.exit(2)
}
try {
  const signing = newSigningKey(fromHex(readFileSync(key, 'utf8').trim(), 32))
  const provider = await startProvider(readConfig(config), { data, port: Number(port), host, key: signing })
  process.stdout.write(`${JSON.stringify({ ready: true, port: provider.port, address: signing.address })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void provider.stop().then(() => process.exit(0)))
} catch (error) {
  process.stderr.write(`${error instanceof AllodError ? JSON.stringify(error) : String(error)}\n`)
  process.exit(1)
}
