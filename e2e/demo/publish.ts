import { availableParallelism, totalmem } from 'node:os'
import { join } from 'node:path'
import { newPolicy, offerCompute, publishEngine, publishModel } from '@allod/sdk'
import { folderSource } from '@allod/sdk/node'
import type { Published, Stage } from './Story.ts'

/** Token units a second, as offers write rates. */
const unitsPerSecond = (units: bigint): bigint => units * 10n ** 12n

/** Dollars, as token units. */
export const dollars = (amount: number): bigint => BigInt(Math.round(amount * 1e6))

const weights = join(import.meta.dirname, '../../enclave/engines/finetune/base-model/weights')

/** The owners publish: a sealed model, two engines, a machine. */
export async function publish({ allod, cast, say }: Stage, engines: string, modelFolder = weights): Promise<Published> {
  const { modelOwner, engineAuthor, provider } = cast
  const engineOf = async (kind: 'finetune' | 'serve', fee: bigint) =>
    publishEngine(allod, engineAuthor, {
      folder: await folderSource(join(engines, kind)),
      name: kind === 'finetune' ? 'finetune-onnx' : 'serve-llama',
      summary:
        kind === 'finetune' ? 'LoRA and full fine-tuning on ONNX Runtime' : 'OpenAI-compatible inference on llama.cpp',
      kind,
      price: { perSecond: unitsPerSecond(10n), perOrder: fee },
    })
  say('the engine author offers two engines, in the clear')
  const finetune = await engineOf('finetune', dollars(0.1))
  const serve = await engineOf('serve', dollars(0.05))
  const policy = newPolicy(allod.network, modelOwner.key.address, {
    purposes: ['finetune', 'serve'],
    // No other could be ordered that tells what it reads.
    engines: [finetune.digest, serve.digest],
    royalty: { bps: 1000, floorPerSecond: String(unitsPerSecond(20n)), floorPerOrder: String(dollars(0.05)) },
  })
  say('the model owner seals the demo base model: nothing of it may be exported, 10% of whatever derives from it')
  const model = await publishModel(allod, modelOwner, {
    folder: await folderSource(modelFolder),
    name: 'demo-base',
    summary: 'a small demo model: it writes grammatical English and knows nothing of your company',
    policy,
    price: { perSecond: unitsPerSecond(100n), perOrder: dollars(0.25) },
  })
  say(`  object ${model.objectId}`)
  say('the provider offers this machine')
  const compute = await offerCompute(allod, provider, {
    name: 'this machine',
    machine: { cpus: availableParallelism(), memoryBytes: totalmem(), gpus: ['simulated'], tee: 'simulated' },
    price: { perSecond: unitsPerSecond(300n), perOrder: 0n },
    limits: { capacity: 4 },
  })
  return { model, finetuneEngine: finetune.posted, serveEngine: serve.posted, compute: compute.posted }
}
