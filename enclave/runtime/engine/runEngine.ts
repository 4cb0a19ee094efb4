import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobDocument, Json, Policy, ReportPredicate, Terms } from '@allod/protocol'
import { launchEngine, type RunningEngine } from '../engineSandbox/launchEngine.ts'
import { fail } from '../errors.ts'
import type { Places } from '../places.ts'
import { MetricsTail } from './MetricsTail.ts'
import { decimal } from './metrics.ts'

/** Tasks an engine may have: threads of its matrix work included. */
const ENGINE_TASKS = 256
const MAX_REPORT_BYTES = 1 << 16

/** An engine's own figures, as its `/out/report.json` gives them and policies let them out. */
export type EngineFigures = Pick<ReportPredicate, 'metrics' | 'leakage'>

/** Writes `/in/job.json`: the job as the engine sees it, without a key, an address or a URL. */
export function writeJobFile(places: Places, job: JobDocument, parameters: Readonly<Record<string, Json>>): void {
  const { kind, engine, inputs } = job.spec
  const file = { version: 1, kind, parameters, seed: engine.seed, inputs: Object.keys(inputs).sort() }
  writeFileSync(join(places.input, 'job.json'), JSON.stringify(file), { mode: 0o400 })
}

/** Starts the engine of a job; `program` follows the contract: `/engine/<kind>.mjs`. */
export function startEngine(job: JobDocument, places: Places): Promise<RunningEngine> {
  const { kind, limits } = job.spec
  const isServe = kind === 'serve'
  return launchEngine({
    folders: {
      engine: places.engine,
      input: places.input,
      output: isServe ? null : places.output,
      run: isServe ? places.run : null,
    },
    limits: {
      memoryBytes: limits.memoryBytes,
      wallMs: limits.seconds * 1000,
      outputBytes: limits.outputBytes,
      processes: ENGINE_TASKS,
    },
    program: [`/engine/${kind}.mjs`, '/in', isServe ? '/run/engine.sock' : '/out'],
    isolation: places.isolation,
  })
}

/**
 * Runs a job that ends by itself, passing on its metrics, and reads its figures.
 * @throws runtime/engine-failed, runtime/output-refused
 */
export async function runEngine(
  job: JobDocument,
  places: Places,
  {
    terms,
    onFigures,
    onStarted,
  }: {
    readonly terms: Terms
    readonly onFigures: (figures: readonly Json[]) => Promise<void>
    readonly onStarted: (engine: RunningEngine) => void
  },
): Promise<EngineFigures> {
  const tail = new MetricsTail(join(places.output, 'metrics.jsonl'), terms.outputs.metrics, onFigures)
  const engine = await startEngine(job, places)
  onStarted(engine)
  tail.start()
  const exit = await engine.exit
  await tail.stop()
  // Its last words may quote the data: the reason and the code are all that leaves.
  if (exit.reason !== 'ok') throw fail('engine-failed', { actual: exit.reason, meta: { exitCode: exit.code } })
  return readFigures(places, terms)
}

function readFigures(places: Places, terms: Terms): EngineFigures {
  const path = join(places.output, 'report.json')
  if (!existsSync(path)) return { metrics: {}, leakage: null }
  if (statSync(path).size > MAX_REPORT_BYTES)
    throw fail('output-refused', { meta: { clause: 'report.json is too large' } })
  const report = JSON.parse(readFileSync(path, 'utf8')) as { metrics?: unknown; leakage?: unknown }
  const leakage = report.leakage === undefined || report.leakage === null ? null : figures(report.leakage)
  requireMemorisation(terms.outputs, leakage)
  return { metrics: figures(report.metrics), leakage }
}

// Verbatim share in per mille; an engine that measures nothing satisfies no limit.
function requireMemorisation(outputs: Policy['outputs'], leakage: Readonly<Record<string, string>> | null): void {
  if (outputs.maxMemorisation === null) return
  const actual = leakage?.verbatimPerMille === undefined ? null : Number(leakage.verbatimPerMille)
  if (actual === null || actual > outputs.maxMemorisation)
    throw fail('output-refused', {
      expected: outputs.maxMemorisation,
      actual,
      meta: { clause: 'outputs.maxMemorisation' },
    })
}

function figures(value: unknown): Record<string, string> {
  const out: Record<string, string> = {}
  if (typeof value !== 'object' || value === null) return out
  for (const [name, figure] of Object.entries(value).slice(0, 64))
    if (/^[a-zA-Z][a-zA-Z0-9]{0,31}$/.test(name) && typeof figure === 'number' && Number.isFinite(figure))
      out[name] = decimal(figure)
  return out
}
