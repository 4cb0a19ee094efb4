import * as ort from 'onnxruntime-node'

/** A tensor to feed or fetch: numbers and their shape. */
export type Tensor = {
  readonly data: Float32Array | Int32Array | BigInt64Array
  readonly dims: readonly number[]
}

/** An executable graph. */
export type Session = {
  /** Runs once. Outputs named in `into` are written there; the others come back in fresh memory. */
  readonly run: (
    feeds: ReadonlyMap<string, Tensor>,
    outputs: readonly string[],
    into?: ReadonlyMap<string, Tensor>,
  ) => Promise<ReadonlyMap<string, Float32Array>>
  readonly close: () => Promise<void>
}

/**
 * Opens a graph on `threads` threads.
 * @param frozen the numbers of the graph's initialisers, by name
 */
export async function openSession(
  bytes: Uint8Array,
  threads: number,
  frozen: ReadonlyMap<string, Float32Array> = new Map(),
): Promise<Session> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    externalData: [...frozen].map(([path, { buffer, byteOffset, byteLength }]) => ({
      path,
      data: new Uint8Array(buffer, byteOffset, byteLength),
    })),
    // Threads that wait sleep: on a shared machine a spinning one takes the core that the other needs.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  return {
    async run(feeds, outputs, into) {
      const fed: Record<string, ort.Tensor> = {}
      for (const [name, tensor] of feeds) fed[name] = native(tensor)
      const fetched: Record<string, ort.Tensor | null> = {}
      for (const name of outputs) {
        const tensor = into?.get(name)
        fetched[name] = tensor ? native(tensor) : null
      }
      const results = await session.run(fed, fetched)
      return new Map(outputs.map((name) => [name, results[name]?.data as Float32Array]))
    },
    close: () => session.release(),
  }
}

function native({ data, dims }: Tensor): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, dims)
  if (data instanceof Int32Array) return new ort.Tensor('int32', data, dims)
  return new ort.Tensor('int64', data, dims)
}
