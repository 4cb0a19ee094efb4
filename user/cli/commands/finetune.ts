import { basename, join } from 'node:path'
import { isHex } from '@allod/protocol'
import {
  type Allod,
  formatAmount,
  type InputChoice,
  newPolicy,
  objectOf,
  placeOrder,
  publishDataset,
  quote,
  requireRows,
  sampleDataset,
  type Wallet,
} from '@allod/sdk'
import { folderOrFile, sealingJournal } from '@allod/sdk/node'
import { chooseOffer, signedOf } from '../flows/chooseOffer.ts'
import { integerOption, parametersOf } from '../flows/integerOption.ts'
import { payFor, payOptions, quoteJson } from '../flows/payFor.ts'
import { watch } from '../flows/watch.ts'
import type { Context } from '../frame/Context.ts'
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
    compute: { type: 'string', value: '<offer>', says: 'the machine; the cheapest unless told' },
    seconds: { type: 'string', value: '<n>', says: 'the longest it may take; 900 unless told' },
    sample: { type: 'string', value: '<n>', says: 'use the first n rows only' },
    seed: { type: 'string', value: '<n>', says: 'the same seed gives the same adapter' },
    param: {
      type: 'string',
      value: '<name=value>',
      says: 'an engine parameter, like epochs=3; many times',
      multiple: true,
    },
    detach: { type: 'boolean', says: 'place the order and stop watching' },
    ...payOptions,
  },
  about:
    'Checks every row first, shows the price and each payee’s share, seals the data on this device, then places one order and follows it.',
  async run(context) {
    const { values, out, allod: open, wallet: act, orders } = context
    if (typeof values.model !== 'string' || typeof values.data !== 'string')
      throw fail('bad-usage', { expected: '--model <offer> --data <path>' })
    const [allod, wallet] = [await open(), await act()]
    const seconds = integerOption(values, 'seconds', { otherwise: 900, min: 1, max: 31_536_000 })
    const { request, seal } = await prepared(context, allod, wallet, { seconds })
    const first = await out.step('working out the price', () => quote(allod, request))
    if (!(await payFor(context, allod, first))) return
    const inputs = { ...request.inputs, dataset: await seal() }
    const final = await quote(allod, { ...request, inputs })
    const record = await out.step('placing the order', async (spinner) =>
      placeOrder(allod, wallet, final, {
        book: await orders(),
        maxUnits: first.totalUnits,
        seed: integerOption(values, 'seed', { otherwise: 0, max: 0xffffffff }),
        parameters: { method: 'lora', ...parametersOf(values.param) },
        onStep: (step) => spinner.say(`placing the order: ${step}`),
      }),
    )
    out.note(`order ${record.order}`)
    const { step, reason } =
      values.detach === true
        ? { step: 'funded', reason: null }
        : await watch(context, allod, record, { wallet, until: ['reported'] })
    out.line({ order: record.order, step, quote: quoteJson(final) }, record.order)
    if (step === 'reported')
      out.note(
        `next: npx allod deploy ${record.order.slice(0, 12)} --name my-agent (locked: ${formatAmount(final.totalUnits, allod.network.currency)})`,
      )
    else if (step === 'failed' || step === 'expired')
      throw fail('order-failed', {
        actual: reason ?? step,
        hint: `see \`npx allod order get ${record.order.slice(0, 12)}\``,
      })
  },
}

async function prepared(context: Context, allod: Allod, wallet: Wallet, { seconds }: { readonly seconds: number }) {
  const { values, out } = context
  const { model, engine, compute } = await out.step('reading offers', async () => ({
    model: await chooseOffer(allod, values.model, { kinds: ['model'], seconds }),
    engine: await chooseOffer(allod, values.engine, { kinds: ['engine'], job: 'finetune', seconds }),
    compute: await chooseOffer(allod, values.compute, { kinds: ['compute'], seconds }),
  }))
  const data = await dataOf(String(values.data), context, allod, wallet)
  const request = {
    kind: 'finetune',
    buyer: wallet.key.address,
    compute: signedOf(compute),
    engine: signedOf(engine),
    inputs: { model: { kind: 'offer', offer: signedOf(model) }, dataset: data.choice },
    seconds,
  } as const
  return { request, seal: data.seal }
}

type Data = { readonly choice: InputChoice; readonly seal: () => Promise<InputChoice> }

// Local data is sealed only once the price is agreed to; until then its policy is enough to work the price out. Broken off, the
// sealing goes on where it was; done, it need not be done again, whatever becomes of the order.
async function dataOf(given: string, { values, out, io, local }: Context, allod: Allod, wallet: Wallet): Promise<Data> {
  if (isHex(given, 32)) {
    await objectOf(allod, given)
    const choice = { kind: 'own', manifestHash: given } as const
    return { choice, seal: async () => choice }
  }
  const whole = await folderOrFile(given)
  const rows = integerOption(values, 'sample', { otherwise: 0, max: 1_000_000 })
  const folder = rows === 0 ? whole : await sampleDataset(whole, rows)
  const owner = wallet.key.address
  const policy = newPolicy(allod.network, owner, { buyers: [owner] })
  await out.step('checking the rows', () => requireRows(folder))
  return {
    choice: { kind: 'unsealed', policy },
    seal: () =>
      out.step('sealing the data', async (spinner) => {
        const totalBytes = folder.files.reduce((sum, f) => sum + f.sizeBytes, 0)
        const name = basename(given)
        const { manifestHash } = await publishDataset(allod, wallet, {
          folder,
          policy,
          name,
          journal: await sealingJournal(join((await local()).folder, 'sealing'), wallet, { policy, name }),
          signal: io.signal,
          onProgress: (doneBytes) => spinner.progress({ doneBytes, totalBytes }),
        })
        out.note(`the data is sealed; to order with it again: --data ${manifestHash}`)
        return { kind: 'own', manifestHash }
      }),
  }
}
