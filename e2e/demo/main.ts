// The main job, told from the first seal to the last unit.
// node e2e/demo/main.ts [--once] [--json] [--seed N] [--out DIR] [--folder DIR] [--allow-unisolated]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { down } from '@allod/devnet'
import { AllodError } from '@allod/protocol'
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
const isTemporary = once && values.folder === undefined
const folder = values.folder ?? (once ? mkdtempSync(join(tmpdir(), 'allod-demo-')) : join(process.cwd(), '.allod'))
try {
  const outcome = await tell({
    folder,
    seed: Number(values.seed),
    staysUp: !once,
    out: out ?? null,
    modelFolder: values.model ?? null,
    isUnisolatedAllowed: values['allow-unisolated'],
    say: (line) => process.stderr.write(`${line}\n`),
  })
  if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`)
  process.exitCode = outcome.ok ? 0 : 1
} catch (error) {
  process.stderr.write(
    `${error instanceof AllodError ? JSON.stringify(error.toJSON(), null, 1) : error instanceof Error ? error.stack : String(error)}\n`,
  )
  if (json) process.stdout.write(`${JSON.stringify({ ok: false })}\n`)
  process.exitCode = 1
} finally {
  if (once) await down(folder)
  if (isTemporary) rmSync(folder, { recursive: true, force: true })
}
