import { newPolicy, publishDataset, requireRows, sampleDataset } from '@allod/sdk'
import { chooseOffer, policiesOf, signedOf } from '../flows/chooseOffer.ts'
import { integerOption } from '../flows/integerOption.ts'
import { jobOptions, orderJob, secondsOf } from '../flows/orderJob.ts'
import { ownInput } from '../flows/ownInput.ts'
import type { Command } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

export const command: Command = {
  arguments: [],
  options: {
    model: { type: 'string', value: '<offer>', says: 'the model to start from' },
    data: {
      type: 'string',
      value: '<path|object>',
      says: 'file or folder of .jsonl or .csv rows, or a sealed dataset’s manifest hash',
    },
    engine: { type: 'string', value: '<offer>', says: 'the engine; the cheapest that fine-tunes unless told' },
    sample: { type: 'string', value: '<n>', says: 'use the first n rows only' },
    ...jobOptions,
  },
  about:
    'Checks every row first, shows the price and each payee’s share, seals the data on this device, then places one order and follows it.',
  async run(context) {
    const { values, out, allod: open, wallet: act } = context
    if (typeof values.model !== 'string' || typeof values.data !== 'string')
      throw fail('bad-usage', { expected: '--model <offer> --data <path>' })
    const [allod, wallet] = [await open(), await act()]
    const [seconds, buyer] = [secondsOf(context), wallet.key.address]
    const { model, engine, compute } = await out.step('reading offers', async () => {
      const model = await chooseOffer(allod, values.model, { kinds: ['model'], seconds })
      const common = { seconds, policies: await policiesOf(allod, [model]) }
      return {
        model,
        engine: await chooseOffer(allod, values.engine, { ...common, kinds: ['engine'], job: 'finetune' }),
        compute: await chooseOffer(allod, values.compute, { ...common, kinds: ['compute'] }),
      }
    })
    const rows = integerOption(values, 'sample', { otherwise: 0, max: 1_000_000 })
    const data = await ownInput(values.data, context, [allod, wallet], {
      policy: newPolicy(allod.network, buyer, { buyers: [buyer] }),
      prepare: async (whole) => {
        const folder = rows === 0 ? whole : await sampleDataset(whole, rows)
        await out.step('checking the rows', () => requireRows(folder))
        return folder
      },
      seal: publishDataset,
      again: (manifestHash) => `--data ${manifestHash}`,
    })
    const inputs = { model: { kind: 'offer', offer: signedOf(model) }, dataset: data.choice } as const
    await orderJob(context, [allod, wallet], {
      request: { kind: 'finetune', buyer, compute: signedOf(compute), engine: signedOf(engine), inputs, seconds },
      seal: async () => ({ dataset: await data.seal() }),
      parameters: { method: 'lora' },
      next: (order) => `npx allod deploy ${order} --name my-agent`,
    })
  },
}
