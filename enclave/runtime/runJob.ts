import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  allodDomain,
  anyJson,
  type CheckpointRef,
  checkpointRefShape,
  envelopeHash,
  isAllodError,
  type Json,
  lineageOf,
  noLineage,
  nullable,
  outputKindOf,
  type ReportRequest,
  reportedType,
  signDigest,
  typedDigest,
} from '@allod/protocol'
import { CheckpointKeeper } from './checkpoint/CheckpointKeeper.ts'
import { restoreCheckpoint } from './checkpoint/restoreCheckpoint.ts'
import { type EngineFigures, runEngine, writeJobFile } from './engine/runEngine.ts'
import { fail } from './errors.ts'
import { ask } from './HostLink.ts'
import { followLease, underLease } from './lease/followLease.ts'
import { untilOver } from './lease/untilOver.ts'
import { nowSeconds } from './nowSeconds.ts'
import type { OpenOrder } from './OpenOrder.ts'
import { type SealedOutput, sealOutput } from './outputs/sealOutput.ts'
import { makeReport } from './report/makeReport.ts'

/** What a job leaves, by the folder of `/out` it is in: of another kind than the spec says, nothing is there to seal. */
const outputNames = { adapter: 'adapter', full: 'model', data: 'result' } as const

/**
 * A job that ends by itself: run, seal, report. Where the order ends while the engine runs there is nothing to deliver, and
 * the time until then is all that is attested; a result that is being sealed is still reported.
 * @throws runtime/engine-failed, runtime/output-refused, runtime/storage-failed, runtime/lease-lost
 */
export async function runJob(order: OpenOrder): Promise<void> {
  const { job, events, places, lease } = order
  writeJobFile(places, job, job.spec.engine.parameters)
  const checkpoints = await openCheckpoints(order)
  events.phase('running')
  const figures = await underLease(order, () => run(order)).finally(async () => {
    await checkpoints?.stop()
    order.resumeKey?.erase()
  })
  if (figures === null) return lease.close()
  events.phase('sealing')
  const sealed = await underLease(order, () => sealResult(order))
  // The last of the time, before the report ends it. Without it the result is still worth its report.
  await underLease(order, () => lease.close().catch(() => undefined))
  await sendReport(order, { ...figures, sealed })
  events.phase('reported')
}

/** Runs the engine to its end. Null where it was stopped because the order is over. */
async function run(order: OpenOrder): Promise<EngineFigures | null> {
  const { job, places, terms, events, inbound } = order
  let isStopped = false
  const done = new AbortController()
  try {
    return await runEngine(job, places, {
      terms,
      onFigures: (figures) => events.figures(figures),
      onStarted: (engine) => {
        const stop = () => {
          isStopped = true
          engine.kill()
        }
        if (inbound.ended.aborted) stop()
        inbound.ended.addEventListener('abort', stop, { once: true })
        void untilOver(order, done.signal).then(() => done.signal.aborted || stop())
        followLease(order, engine)
      },
    })
  } catch (error) {
    if (isStopped && isAllodError(error, 'runtime/engine-failed')) return null
    throw error
  } finally {
    done.abort()
  }
}

const CHECKPOINT = 'checkpoint/checkpoint.safetensors'

/** Goes on from the last generation's checkpoint, where there is one, and keeps those of this one. */
async function openCheckpoints(order: OpenOrder): Promise<CheckpointKeeper | null> {
  const { host, job, places, stores, resumeKey: key, events } = order
  // An input of that name is the engine's business, and it would be mistaken for ours.
  if (key === null || Object.hasOwn(job.spec.inputs, 'checkpoint')) return null
  const common = { key, order: job.order, stores }
  const newest = await ask(host, 'provider', '/checkpoint', null, nullable(checkpointRefShape)).catch(() => null)
  if (newest !== null) {
    const isRestored = await restoreCheckpoint(newest, { ...common, path: join(places.input, CHECKPOINT) })
    events.phase('opened', isRestored ? 'goes on from a checkpoint' : 'a checkpoint could not be used')
  }
  const announce = (ref: CheckpointRef) => ask(host, 'provider', '/checkpoint', ref, anyJson(8))
  const keeper = new CheckpointKeeper({ ...common, path: join(places.output, CHECKPOINT), announce })
  keeper.start()
  return keeper
}

function sealResult({ job, grant, opened, stores, keys, places }: OpenOrder): Promise<SealedOutput> {
  const kind = outputKindOf(job.spec)
  if (kind === null) throw fail('output-refused', { meta: { clause: 'kind', kind: job.spec.kind } })
  const name = outputNames[kind]
  return sealOutput({
    name,
    folder: join(places.output, name),
    job,
    facts: grant.facts,
    parents: opened.map(({ objectId, manifest }) => ({ objectId, policy: manifest.policy })),
    stores,
    signing: keys.signing,
  })
}

async function sendReport(
  order: OpenOrder,
  {
    metrics,
    leakage,
    sealed,
  }: Pick<Parameters<typeof makeReport>[4], 'metrics' | 'leakage'> & { readonly sealed: SealedOutput },
): Promise<void> {
  const { host, job, keys, elected, grant, startedAt, places } = order
  const { output, storage, derived, manifest } = sealed
  const { envelope } = makeReport(keys.signing, job, elected, grant, {
    metrics,
    leakage,
    outputs: [output],
    storage: [...storage],
    startedAt,
    endedAt: nowSeconds(),
    datasetSizeClass: sizeClass(join(places.input, 'dataset')),
    derived,
  })
  const reported = {
    order: job.order,
    generation: job.generation,
    reportHash: envelopeHash(envelope),
    lineage: derived ? lineageOf(derived) : noLineage,
  }
  const digest = typedDigest(allodDomain(BigInt(job.terms.chainId), job.terms.market), reportedType, reported)
  const request: ReportRequest = {
    envelope,
    reported,
    signature: signDigest(keys.signing, digest),
    derived,
    manifests: { [output.name]: manifest as Json },
  }
  await ask(host, 'provider', '/report', request as unknown as Json, anyJson(8), { timeoutMs: 120_000 })
}

/** The power of two that bounds a folder's size: all that a report says of a dataset's size. Null where there is none. */
function sizeClass(folder: string): number | null {
  const size = statSync(folder, { throwIfNoEntry: false })
  return size === undefined ? null : Math.ceil(Math.log2(Math.max(1, folderBytes(folder))))
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
