// The main job, told from the first seal to the last unit.
// node e2e/demo/main.ts [--once] [--json] [--seed N] [--out DIR] [--folder DIR] [--allow-unisolated]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { down, isRunning, layoutOf, processNames } from '@allod/devnet'
import { AllodError, isAllodError } from '@allod/protocol'
import { failedFigures } from './figuresOf.ts'
import { parseSeed } from './parseSeed.ts'
import { tell } from './tell.ts'

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    folder: { type: 'string' },
    model: { type: 'string' },
    'allow-unisolated': { type: 'boolean', default: false },
  },
})
const { once, json, out } = values
const seed = parseSeed(values.seed)
if (seed === null) {
  process.stderr.write(`--seed ${values.seed} is no seed\nhint: a whole number from 0 to 4294967295\n`)
  process.exit(2)
}
const isTemporary = once && values.folder === undefined
const folder = values.folder ?? (once ? mkdtempSync(join(tmpdir(), 'allod-demo-')) : join(process.cwd(), '.allod'))
const startedAt = Date.now()
let interrupted: Promise<never> | null = null
let isSomebodyElses = false
// A terminal that is closed takes no more words; its network is taken down all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted ??= endAll()
  })

try {
  const figures = await tell({
    folder,
    seed,
    staysUp: !once,
    out: out ?? null,
    modelFolder: values.model ?? null,
    isUnisolatedAllowed: values['allow-unisolated'],
    say: (line) => process.stderr.write(`${line}\n`),
  })
  if (json) process.stdout.write(`${JSON.stringify(figures)}\n`)
  process.exitCode = figures.ok ? 0 : 1
} catch (error) {
  // What fails because everything is taken down is no news.
  await interrupted
  isSomebodyElses = isAllodError(error, 'devnet/busy')
  explain(error)
  if (json) process.stdout.write(`${JSON.stringify(failedFigures({ seed, startedAt, endedAt: Date.now() }))}\n`)
  process.exitCode = 1
} finally {
  await interrupted
  if (once && !isSomebodyElses) await down(folder)
  if (isTemporary) rmSync(folder, { recursive: true, force: true })
}

/** Takes everything down and ends. What was being brought up may start a process yet, until it sees that others are gone. */
async function endAll(): Promise<never> {
  process.stderr.write('taking everything down\n')
  const { processes } = layoutOf(folder)
  try {
    do await down(folder)
    while (processNames.some((name) => isRunning(processes, name)))
    if (isTemporary) rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    explain(error)
  }
  process.exit(130)
}

function explain(error: unknown): void {
  process.stderr.write(
    `${error instanceof AllodError ? JSON.stringify(error.toJSON(), null, 1) : error instanceof Error ? error.stack : String(error)}\n`,
  )
}
