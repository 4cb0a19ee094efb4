#!/usr/bin/env node
// The whole network on one machine: main.ts up|down|status [--folder DIR] [--allow-unisolated]
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AllodError } from '@allod/protocol'
import { down } from './network/down.ts'
import { layoutOf, processNames } from './network/plan.ts'
import { up } from './network/up.ts'
import { isRunning } from './processes/processes.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: join(process.cwd(), '.allod') },
    'allow-unisolated': { type: 'boolean', default: false },
  },
})
const [verb] = positionals
try {
  if (verb === 'up') {
    const { description } = await up({
      folder: values.folder,
      isUnisolatedAllowed: values['allow-unisolated'],
      onStep: (step) => process.stderr.write(`${step}\n`),
    })
    process.stdout.write(`${JSON.stringify({ network: description })}\n`)
  } else if (verb === 'down') await down(values.folder)
  else if (verb === 'status') {
    const { processes } = layoutOf(values.folder)
    process.stdout.write(
      `${JSON.stringify(Object.fromEntries(processNames.map((name) => [name, isRunning(processes, name)])))}\n`,
    )
  } else {
    process.stderr.write('usage: main.ts up|down|status [--folder DIR] [--allow-unisolated]\n')
    process.exitCode = 2
  }
} catch (error) {
  process.stderr.write(
    `${error instanceof AllodError ? JSON.stringify(error.toJSON(), null, 1) : error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exitCode = 1
}
