import { type Allod, type InputChoice, newPolicy, type SealChoices, sealObject, type Wallet } from '@allod/sdk'
import { chooseOffer, policiesOf, signedOf } from '../flows/chooseOffer.ts'
import { jobOptions, orderJob, secondsOf } from '../flows/orderJob.ts'
import { type OwnInput, ownInput } from '../flows/ownInput.ts'
import type { Context } from '../frame/Context.ts'
import type { Command, Values } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'

export const command: Command = {
  arguments: ['<engine>'],
  options: {
    in: {
      type: 'string',
      value: '<name=path|object>',
      says: 'a file or folder of yours, or the manifest hash of what you sealed; many times',
      multiple: true,
    },
    rent: { type: 'string', value: '<name=offer>', says: 'a model or dataset to rent; many times', multiple: true },
    ...jobOptions,
  },
  about:
    'Runs an engine over your own files and rented ones. Yours are sealed on this device for your orders alone, and their policy lets the result out to you; what is rented decides for itself.',
  async run(context) {
    const { positionals, values, out, allod: open, wallet: act } = context
    const [mine, rented] = [namedOf('in', values.in), namedOf('rent', values.rent)]
    const names = [...mine, ...rented].map(([name]) => name)
    if (names.length === 0) throw fail('bad-usage', { expected: '--in name=path or --rent name=offer' })
    if (new Set(names).size < names.length) throw fail('bad-usage', { expected: 'each name once', actual: names })
    const [allod, wallet] = [await open(), await act()]
    const seconds = secondsOf(context)
    const { engine, compute, offers } = await out.step('reading offers', async () => {
      const listings = await Promise.all(
        rented.map(
          async ([name, named]) =>
            [name, await chooseOffer(allod, named, { kinds: ['model', 'dataset'], seconds })] as const,
        ),
      )
      const policies = await policiesOf(
        allod,
        listings.map(([, listing]) => listing),
      )
      return {
        engine: await chooseOffer(allod, positionals[0], { kinds: ['engine'], job: 'run', seconds, policies }),
        compute: await chooseOffer(allod, values.compute, { kinds: ['compute'], seconds, policies }),
        offers: listings.map(([name, listing]): readonly [string, InputChoice] => [
          name,
          { kind: 'offer', offer: signedOf(listing) },
        ]),
      }
    })
    const own = await ownInputs(context, [allod, wallet], mine)
    const inputs = Object.fromEntries([...offers, ...own.map(([name, { choice }]) => [name, choice] as const)])
    const offered = { compute: signedOf(compute), engine: signedOf(engine) }
    await orderJob(context, [allod, wallet], {
      request: { kind: 'run', buyer: wallet.key.address, ...offered, inputs, seconds },
      seal: async () => {
        const sealed: { [name: string]: InputChoice } = {}
        for (const [name, { seal }] of own) sealed[name] = await seal()
        return sealed
      },
      next: (order) => `npx allod order result ${order} <folder>`,
    })
  },
}

async function ownInputs(
  context: Context,
  [allod, wallet]: readonly [Allod, Wallet],
  named: readonly Named[],
): Promise<readonly (readonly [string, OwnInput])[]> {
  const owner = wallet.key.address
  const policy = newPolicy(allod.network, owner, { buyers: [owner], purposes: ['run'], export: { data: 'buyer' } })
  const own: (readonly [string, OwnInput])[] = []
  for (const [name, given] of named)
    own.push([
      name,
      await ownInput(given, context, [allod, wallet], {
        policy,
        prepare: async (folder) => folder,
        seal: (at: Allod, by: Wallet, choices: SealChoices) => sealObject(at, by, { isPadded: true, ...choices }),
        again: (manifestHash) => `--in ${name}=${manifestHash}`,
      }),
    ])
  return own
}

type Named = readonly [name: string, what: string]

/** `--in name=what`, any number of times. @throws cli/bad-usage */
function namedOf(option: string, given: Values[string]): readonly Named[] {
  const pairs = Array.isArray(given) ? given.map(String) : []
  return pairs.map((pair) => {
    const [, name, what] = /^([a-z][a-z0-9-]{0,31})=(.+)$/s.exec(pair) ?? []
    if (name === undefined || what === undefined)
      throw fail('bad-usage', { expected: `--${option} name=…, the name of a-z, 0-9 and -`, actual: pair })
    return [name, what]
  })
}
