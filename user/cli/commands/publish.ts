import { availableParallelism, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import type { FolderSource } from '@allod/content'
import type { Policy } from '@allod/protocol'
import {
  type Allod,
  describePolicy,
  descriptionShape,
  type EngineChoices,
  formatAmount,
  formatRate,
  type Machine,
  type ModelFacts,
  modelFacts,
  newPolicy,
  offerCompute,
  publishDataset,
  publishEngine,
  publishModel,
  requireRows,
  type Wallet,
} from '@allod/sdk'
import { folderOrFile, sealingJournal } from '@allod/sdk/node'
import { integerOption } from '../flows/integerOption.ts'
import { offerChoices, policyChoices, policyOptions, priceOptions } from '../flows/policyOptions.ts'
import type { Context } from '../frame/Context.ts'
import type { Command, Values } from '../frame/command.ts'
import { fail } from '../frame/errors.ts'
import { confirm } from '../frame/prompt.ts'
import { pairs } from '../render/pairs.ts'

const kinds = ['model', 'dataset', 'engine', 'compute'] as const
type Kind = (typeof kinds)[number]

export const command: Command = {
  arguments: ['[folder]'],
  options: {
    kind: { type: 'string', value: '<kind>', says: `${kinds.join(', ')}; seen from the folder unless told` },
    name: { type: 'string', value: '<name>', says: 'what it is called in public; the folder’s name unless told' },
    summary: { type: 'string', value: '<text>', says: 'a sentence about it' },
    job: { type: 'string', value: '<job>', says: 'what an engine does: finetune, serve, run' },
    memory: { type: 'string', value: '<bytes>', says: 'of a machine; this one’s unless told' },
    cpus: { type: 'string', value: '<n>', says: 'of a machine; this one’s unless told' },
    ...priceOptions,
    ...policyOptions,
    yes: { type: 'boolean', says: 'publish without being asked' },
    'dry-run': { type: 'boolean', says: 'check, show what would be offered, and stop' },
  },
  about:
    'Models and datasets are checked, sealed on this device and stored encrypted, for the engines that you name; engines are public. Once something was exported, a royalty is a legal duty and not an enforced one: price export accordingly.',
  async run(context) {
    const { positionals, values, out, io, allod: open, wallet: act } = context
    const allod = await open()
    const [folder] = positionals
    const kind = await kindOf(folder, values.kind)
    const name = String(values.name ?? (folder === undefined ? 'machine' : basename(folder)))
    const wallet = await act()
    const plan = await planOf(context, allod, wallet, { kind, name })
    const checked = await check(context, allod, { kind, name, folder })
    out.note(plan.text)
    if (values['dry-run'] === true) return out.result({ kind, name, ...plan.json }, plan.text)
    await confirm(`offer ${kind} ${name}?`, { io, out, isYes: values.yes === true })
    const { posted, ...rest } = await publish(context, allod, wallet, { name, checked, policy: plan.json.policy })
    out.result(
      { kind, name, offer: posted.hash, location: posted.location, transaction: posted.transaction, ...rest },
      posted.hash,
    )
    out.note(`see it: npx allod offer get ${posted.hash.slice(0, 12)}`)
  },
}

type What = { readonly kind: Kind; readonly name: string; readonly folder?: string | undefined }

async function kindOf(folder: string | undefined, given: unknown): Promise<Kind> {
  const named = kinds.find((k) => k === given)
  if (given !== undefined && named === undefined) throw fail('bad-usage', { expected: kinds, actual: String(given) })
  if (named !== undefined && (folder !== undefined || named === 'compute')) return named
  if (folder === undefined) throw fail('bad-usage', { expected: 'a folder, or --kind compute' })
  const { files } = await folderOrFile(folder)
  if (files.some((f) => f.path === 'config.json')) return 'model'
  if (files.some((f) => /\.(jsonl|csv)$/i.test(f.path))) return 'dataset'
  if (files.some((f) => /^(finetune|serve|run)\.mjs$/.test(f.path))) return 'engine'
  throw fail('bad-usage', { expected: `--kind ${kinds.join('|')}`, actual: folder })
}

async function planOf({ values }: Context, allod: Allod, wallet: Wallet, { kind, name }: What) {
  const { network } = allod
  const { price, limits } = offerChoices(values, network.currency)
  const isSealed = kind === 'model' || kind === 'dataset'
  const policy = isSealed ? newPolicy(network, wallet.key.address, await policyChoices(values, allod)) : null
  const words = policy && describePolicy(policy, { t: network.committee.t, n: network.committee.members.length })
  const text = pairs([
    ['offer', `${kind} ${name}`],
    ['owner', `${wallet.name} ${wallet.key.address}`],
    [
      'price',
      `${formatRate(price.perSecond, network.currency)} + ${formatAmount(price.perOrder, network.currency)} per order`,
    ],
    ['at once', limits.capacity === 0 ? 'no limit' : String(limits.capacity)],
    ['who can read it', words?.whoCanRead ?? (kind === 'engine' ? 'everybody: engines are public' : '')],
    ['is it kept', words?.isItKept ?? ''],
    ['what leaves', words?.whatLeaves ?? ''],
    ['the public sees', words?.whatThePublicSees ?? ''],
  ])
  return {
    text,
    json: {
      owner: wallet.key.address,
      price: { perSecond: String(price.perSecond), perOrder: String(price.perOrder) },
      policy,
    },
  }
}

/** Something that can be offered: nothing of what publishing refuses is left to be found. */
type Checked =
  | { readonly kind: 'model'; readonly folder: FolderSource; readonly facts: ModelFacts }
  | { readonly kind: 'dataset'; readonly folder: FolderSource; readonly rows: number }
  | { readonly kind: 'engine'; readonly folder: FolderSource; readonly job: EngineChoices['kind'] }
  | { readonly kind: 'compute'; readonly machine: Machine }

async function check(
  { values, out }: Context,
  { network }: Allod,
  { kind, name, folder: path }: What,
): Promise<Checked> {
  descriptionShape({ version: 1, kind, name, summary: summaryOf(values), facts: {} })
  if (kind === 'compute') {
    const machine = {
      cpus: integerOption(values, 'cpus', { otherwise: availableParallelism(), min: 1, max: 4096 }),
      memoryBytes: integerOption(values, 'memory', { otherwise: totalmem() }),
      gpus: [],
      tee: network.devnet ? 'simulated' : 'tdx',
    }
    return { kind, machine }
  }
  const folder = await folderOrFile(String(path))
  if (kind === 'engine') {
    const job = (['finetune', 'serve', 'run'] as const).find((j) => j === values.job)
    if (job === undefined) throw fail('bad-usage', { expected: '--job finetune, serve or run' })
    return { kind, folder, job }
  }
  return out.step(`checking the ${kind}`, async () =>
    kind === 'model'
      ? { kind, folder, facts: await modelFacts(folder) }
      : { kind, folder, rows: await requireRows(folder) },
  )
}

const summaryOf = (values: Values): string => String(values.summary ?? '')

async function publish(
  context: Context,
  allod: Allod,
  wallet: Wallet,
  { name, checked, policy }: { readonly name: string; readonly checked: Checked; readonly policy: Policy | null },
) {
  const { values, out, io, local } = context
  const { price, limits } = offerChoices(values, allod.network.currency)
  const common = { name, summary: summaryOf(values), price, limits }
  if (checked.kind === 'compute') {
    const { machine } = checked
    return out.step('offering the machine', () => offerCompute(allod, wallet, { ...common, machine }))
  }
  if (checked.kind === 'engine') {
    const { folder, job } = checked
    return out.step('storing the engine', () => publishEngine(allod, wallet, { ...common, folder, kind: job }))
  }
  if (policy === null) throw new TypeError('what is sealed has a policy')
  const journal = await sealingJournal(join((await local()).folder, 'sealing'), wallet, { policy, name })
  const totalBytes = checked.folder.files.reduce((sum, f) => sum + f.sizeBytes, 0)
  return out.step(`sealing the ${checked.kind}`, async (spinner) => {
    const onProgress = (doneBytes: number): void => spinner.progress({ doneBytes, totalBytes })
    const choices = { ...common, ...checked, policy, journal, signal: io.signal, onProgress }
    const sealed =
      choices.kind === 'model'
        ? await publishModel(allod, wallet, choices)
        : await publishDataset(allod, wallet, choices)
    if (sealed.posted === null) throw fail('bad-usage', { expected: 'a price' })
    return { objectId: sealed.objectId, manifestHash: sealed.manifestHash, posted: sealed.posted }
  })
}
