import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { type Folder, formatFinetuneReport, formatMetric, parseFinetuneParameters, parseJob } from '@allod/models'
import { errorsOf, isAllodError } from '@allod/protocol'
import { finetune } from './finetune.ts'

const fail = errorsOf('engine-finetune', {
  'wrong-kind': ['the job is not a fine-tuning', 'order this engine with kind finetune'],
  'input-missing': ['the job lacks an input', 'name a model and a dataset as inputs'],
})

const CHECKPOINT = 'checkpoint/checkpoint.safetensors'

/**
 * The engine as the job contract wants it: reads `/in`, writes `/out`, and says with its exit code and last line why it
 * stopped. `/in/checkpoint`, where it is there, is gone on from.
 */
async function main(inDir: string, outDir: string): Promise<void> {
  const jobBytes = new Uint8Array(readFileSync(join(inDir, 'job.json')))
  const job = parseJob(jobBytes)
  if (job.kind !== 'finetune') throw fail('wrong-kind', { expected: 'finetune', actual: job.kind })
  for (const name of ['model', 'dataset'])
    if (!job.inputs.includes(name)) throw fail('input-missing', { expected: name, actual: job.inputs })
  const parameters = parseFinetuneParameters(job.parameters)
  const model = readFolder(join(inDir, 'model'))
  const dataset = readFolder(join(inDir, 'dataset'))
  const checkpoint = join(inDir, CHECKPOINT)
  mkdirSync(outDir, { recursive: true })
  const { report, kind, folder } = await finetune({
    model,
    dataset,
    parameters,
    seed: job.seed,
    jobId: identityOf(jobBytes, model, dataset),
    checkpoint: existsSync(checkpoint) ? new Uint8Array(readFileSync(checkpoint)) : null,
    threads: parameters.threads || availableParallelism(),
    onMetric: (metric) => appendFileSync(join(outDir, 'metrics.jsonl'), `${formatMetric(metric)}\n`),
    onCheckpoint: (bytes) => writeIfRoom(join(outDir, CHECKPOINT), bytes),
  })
  for (const [name, bytes] of folder) writeWhole(join(outDir, kind, name), bytes)
  writeWhole(join(outDir, 'report.json'), formatFinetuneReport(report))
  console.log(JSON.stringify({ stopped: report.stopped }))
}

/** Every file of a folder by its relative path. */
function readFolder(root: string): Folder {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .filter((e) => e.isFile())
      .map((e) => join(e.parentPath, e.name))
      .sort()
      .map((path) => [path.slice(root.length + 1), new Uint8Array(readFileSync(path))]),
  )
}

/** Names job and inputs by their content. */
function identityOf(job: Uint8Array, ...folders: readonly Folder[]): string {
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  const files = folders.flatMap((f) => [...f].map(([name, bytes]) => [name, digest(bytes)]))
  return digest(new TextEncoder().encode(JSON.stringify([digest(job), files])))
}

/** A reader sees the whole file or none. */
function writeWhole(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.part`, bytes)
  renameSync(`${path}.part`, path)
}

/** A checkpoint that does not fit beside the result is not worth losing the result for. */
function writeIfRoom(path: string, bytes: Uint8Array): void {
  try {
    writeWhole(path, bytes)
  } catch (error) {
    if (!['ENOSPC', 'EFBIG', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    rmSync(`${path}.part`, { force: true })
  }
}

try {
  await main(process.argv[2] ?? '/in', process.argv[3] ?? '/out')
} catch (error) {
  // Bad input is 2, so that the runtime can tell it from a crash.
  const known = isAllodError(error)
  console.error(known ? JSON.stringify(error) : error)
  console.log(JSON.stringify({ stopped: known ? error.code : 'crash' }))
  process.exitCode = known ? 2 : 1
}
