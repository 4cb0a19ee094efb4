import { readSafetensors, type Tensor, tensorOf, toFloat32, writeSafetensors } from '@allod/models'
import { errorsOf } from '@allod/protocol'
import type { Slot } from './adamw.ts'

/** Where a training stands. Everything else follows from the job. */
export type Progress = {
  readonly step: number
  readonly tokens: number
  readonly firstLoss: number
  /** Held-out loss before the first step; null where nothing was held out. */
  readonly evalBefore: number | null
  readonly bestLoss: number
  readonly sinceBest: number
}

const fail = errorsOf('engine-finetune', {
  'bad-checkpoint': ['a checkpoint does not belong to this job', 'start without it, or give the job it was made by'],
})

/**
 * A checkpoint: weights and optimiser state, bit for bit, and the progress.
 * @param job says which job it belongs to; a hash of job and inputs
 */
export function writeCheckpoint(job: string, progress: Progress, slots: readonly Slot[]): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, Tensor>()
  for (const s of slots)
    for (const part of ['value', 'mean', 'square'] as const) tensors.set(`${s.name}.${part}`, tensorOf(s[part], s.dims))
  // Progress is kept in double precision as text, so that nothing is rounded.
  return writeSafetensors(tensors, { job, progress: JSON.stringify(progress) })
}

/**
 * Restores slots in place and returns the progress.
 * @throws engine-finetune/bad-checkpoint, models/bad-safetensors
 */
export function readCheckpoint(bytes: Uint8Array, job: string, slots: readonly Slot[]): Progress {
  const tensors = readSafetensors(bytes)
  const { job: owner, progress } = readMetadata(bytes)
  if (owner !== job || progress === undefined) throw fail('bad-checkpoint', { expected: job, actual: owner })
  for (const s of slots)
    for (const part of ['value', 'mean', 'square'] as const) {
      const tensor = tensors.get(`${s.name}.${part}`)
      if (!tensor || String(tensor.shape) !== String(s.dims)) throw fail('bad-checkpoint', { expected: s.name })
      s[part].set(toFloat32(tensor))
    }
  return JSON.parse(progress) as Progress
}

function readMetadata(bytes: Uint8Array): Readonly<Record<string, string | undefined>> {
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))) as Record<string, unknown>
  return (header.__metadata__ ?? {}) as Readonly<Record<string, string>>
}
