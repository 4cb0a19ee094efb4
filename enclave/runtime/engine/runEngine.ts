import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FinetuneReport, formatJob, type Metric, parseFinetuneReport } from '@allod/models'
import type { JobDocument, Json, Policy, ReportPredicate, Terms } from '@allod/protocol'
import { launchEngine, type RunningEngine } from '../engineSandbox/launchEngine.ts'
import { fail } from '../errors.ts'
import type { Places } from '../places.ts'
import { engineLimits } from './engineLimits.ts'
import { MetricsTail } from './MetricsTail.ts'

const MAX_REPORT_BYTES = 1 << 16

/** An engine's own figures, as its `/out/report.json` gives them and policies let them out. */
export type EngineFigures = Pick<ReportPredicate, 'metrics' | 'leakage'>

/** Writes `/in/job.json`: the job as the engine sees it, without a key, an address or a URL. */
export function writeJobFile(places: Places, job: JobDocument, parameters: Readonly<Record<string, Json>>): void {
  const { kind, engine, inputs } = job.spec
  const file = formatJob({ version: 1, kind, parameters, seed: engine.seed, inputs: Object.keys(inputs).sort() })
  writeFileSync(join(places.input, 'job.json'), file, { mode: 0o400 })
}

/** Starts the engine of a job; `program` follows the contract: `/engine/<kind>.mjs`. */
export function startEngine(job: JobDocument, places: Places): Promise<RunningEngine> {
  const { kind } = job.spec
  const isServe = kind === 'serve'
  return launchEngine({
    folders: {
      engine: places.engine,
      input: places.input,
      output: isServe ? null : places.output,
      run: isServe ? places.run : null,
    },
    limits: engineLimits(job),
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
    readonly onFigures: (figures: readonly Metric[]) => Promise<void>
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
  return readFigures(places, job.spec.kind, terms)
}

function readFigures(places: Places, kind: JobDocument['spec']['kind'], terms: Terms): EngineFigures {
  const path = join(places.output, 'report.json')
  if (kind !== 'finetune') {
    requireMemorisation(terms.outputs, null)
    return { metrics: {}, leakage: null }
  }
  if (!existsSync(path)) throw fail('engine-failed', { actual: 'no report.json' })
  if (statSync(path).size > MAX_REPORT_BYTES)
    throw fail('output-refused', { meta: { clause: 'report.json is too large' } })
  const { leakage, version: _v, kind: _k, ...metrics } = parsed(readFileSync(path))
  requireMemorisation(terms.outputs, leakage.memorisation)
  return { metrics: figures(metrics), leakage: figures(leakage) }
}

// It would write the same on another machine. What it wrote stays inside: an error that names the fault may quote it.
function parsed(bytes: Uint8Array): FinetuneReport {
  try {
    return parseFinetuneReport(bytes)
  } catch {
    throw fail('output-refused', { meta: { clause: 'report.json is none' } })
  }
}

// An engine that measures nothing satisfies no limit.
function requireMemorisation(outputs: Policy['outputs'], memorisation: string | null): void {
  if (outputs.maxMemorisation === null) return
  const perMille = memorisation === null ? null : Number(memorisation) * 1000
  if (perMille === null || perMille > outputs.maxMemorisation)
    throw fail('output-refused', {
      expected: outputs.maxMemorisation,
      actual: perMille,
      meta: { clause: 'outputs.maxMemorisation' },
    })
}

const figures = (values: Readonly<Record<string, string | number | null>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])))
