// Every figure of docs/benchmarks.md but those of the main job and of forge, one bench after the other, each a process of its
// own; on a quiet machine.
// npm run bench [-- names…]     stdout: a line of JSON per figure
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

const benches: Readonly<Record<string, readonly string[]>> = {
  content: ['bench/content.ts'],
  store: ['bench/store.ts'],
  largest: ['bench/largest.ts'],
  relay: ['libs/channel/bench/relay.ts'],
  rounds: ['bench/rounds.ts'],
  inside: ['bench/inside.ts'],
  finetune: ['bench/finetune.ts'],
  company: ['bench/company.ts'],
  serve: ['bench/serve.ts'],
  gas: ['bench/gas.ts'],
  attestation: ['bench/attestation.ts'],
}

type Figure = { readonly figure: string; readonly passed: boolean | null }

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  process.stderr.write(`no bench ${unknown.join(', ')}; one of ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
const missed: string[] = []
for (const [name, [script = '', ...args]] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  process.stderr.write(`${name}: node ${[script, ...args].join(' ')}\n`)
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 24,
  })
  process.stdout.write(stdout)
  if (status !== 0) missed.push(`${name} ended with ${status}`)
  missed.push(...figuresOf(stdout).flatMap(({ figure, passed }) => (passed === false ? [figure] : [])))
}
process.stderr.write(missed.length === 0 ? 'every limit is met\n' : `not met:\n  ${missed.join('\n  ')}\n`)
process.exitCode = missed.length === 0 ? 0 : 1

/** The lines that are figures; a bench may print others for people. */
function figuresOf(stdout: string): readonly Figure[] {
  return stdout.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line)
      return typeof value === 'object' && value !== null && 'figure' in value && 'passed' in value
        ? [value as Figure]
        : []
    } catch {
      return []
    }
  })
}
