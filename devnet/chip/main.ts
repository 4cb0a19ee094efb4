#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { AllodError } from '@allod/protocol'
import { startChip } from './startChip.ts'

const { values } = parseArgs({
  options: { data: { type: 'string' }, socket: { type: 'string' }, gpus: { type: 'string', default: '1' } },
})
if (values.data === undefined || values.socket === undefined) {
  console.error('usage: main.ts --data DIR --socket PATH [--gpus N]')
  process.exit(2)
}
try {
  const chip = await startChip({ dataDir: values.data, socketPath: values.socket, gpuCount: Number(values.gpus) })
  console.log(JSON.stringify({ ready: true, ...chip.info }))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void chip.stop().then(() => process.exit(0)))
} catch (error) {
  console.error(error instanceof AllodError ? JSON.stringify(error) : error)
  process.exit(1)
}
