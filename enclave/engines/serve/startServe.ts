import { randomBytes } from 'node:crypto'
import type { ServeParameters } from '@allod/models'
import { Scheduler } from './batch/Scheduler.ts'
import { fail } from './errors.ts'
import { startHttp } from './http/startHttp.ts'
import { type ModelFiles, openModel } from './llama/openModel.ts'
import type { Vocabulary } from './served.ts'

export type ServeInputs = {
  readonly files: ModelFiles
  readonly vocabulary: Vocabulary
  /** Positions the model was trained for. */
  readonly positions: number
  readonly endTokens: readonly number[]
}

/** Most context a job gets without asking. */
const DEFAULT_CONTEXT = 4096

/**
 * Loads the model and answers on a unix socket; resolves once it does.
 * @throws serve/bad-parameters where the model was not trained for the context, serve/no-native-engine, serve/model-load, serve/adapter-load
 */
export async function startServe(
  inputs: ServeInputs,
  parameters: ServeParameters,
  socketPath: string,
): Promise<{ stop(): Promise<void> }> {
  const contextTokens = parameters.contextTokens || Math.min(inputs.positions, DEFAULT_CONTEXT)
  if (contextTokens > inputs.positions)
    throw fail('bad-parameters', { expected: `contextTokens of at most ${inputs.positions}`, actual: contextTokens })
  const model = await openModel(inputs.files, { ...parameters, contextTokens, endTokens: inputs.endTokens })
  const scheduler = new Scheduler([...model.lanes.values()], parameters)
  const served = {
    lanes: model.lanes,
    vocabulary: inputs.vocabulary,
    scheduler,
    parameters,
    contextTokens,
    embed: model.embed,
    startedSeconds: Math.floor(Date.now() / 1000),
    randomSeed: () => randomBytes(4).readUInt32LE(),
  }
  const http = await startHttp(served, socketPath)
  return {
    async stop() {
      await http.stop()
      await model.close()
    },
  }
}
