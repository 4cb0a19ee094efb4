#!/usr/bin/env node
// The host's side of a keeper:
// main.ts --data DIR --chip SOCKET --rootfs DIR --config FILE [--port N] --rpc NAME=URL --rpc NAME=URL [--unisolated]
import { AllodError } from '@allod/protocol'
import { keeperOptions } from './keeperOptions.ts'
import { startKeeper } from './startKeeper.ts'

try {
  const keeper = await startKeeper(keeperOptions(process.argv.slice(2)))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void keeper.stop().then(() => process.exit(0)))
  process.stdout.write(`${JSON.stringify({ ready: true, port: keeper.port, ...keeper.status })}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof AllodError ? JSON.stringify(error) : String(error)}\n`)
  process.exit(1)
}
