import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutOf, up } from '@allod/devnet'
import type { AgentCard } from '@allod/protocol'
import { connect } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, type LocalNetwork, openAgentBook, openOrderBook, readNetwork } from '@allod/sdk/node'
import { COMPANY_PARAMETERS, companyJsonl, generateCompany } from '../../examples/company/generate.ts'
import { audit } from './audit.ts'
import { dumpChain } from './chainLogs.ts'
import { type Figures, figuresOf } from './figuresOf.ts'
import { finetune } from './finetune.ts'
import { type Payee, settle } from './money.ts'
import { packageEngines } from './packageEngines.ts'
import { publish } from './publish.ts'
import type { Run, Stage } from './Story.ts'
import { deploy, verifyAndAsk } from './serve.ts'

const AGENT_SECONDS = 600
const LASTING_AGENT_SECONDS = 3600

export type TellOptions = {
  readonly folder: string
  readonly seed: number
  /** Leaves the network up, with an agent to talk to. */
  readonly staysUp: boolean
  /** Where report, card, orders, answers and the chain's logs go. */
  readonly out: string | null
  readonly modelFolder: string | null
  readonly isUnisolatedAllowed: boolean
  readonly say: (line: string) => void
}

/** The main job: lease, fine-tune, report, serve, pay. */
export async function tell(options: TellOptions): Promise<Figures> {
  const { folder, seed, staysUp, isUnisolatedAllowed, say } = options
  const startedAt = Date.now()
  const over = new AbortController()
  const dir = options.out ?? mkdtempSync(join(tmpdir(), 'allod-outcome-'))
  try {
    const { stage, local, engines } = await raise(options, over.signal)
    const { published, tuned, agent, served } = await play(stage, engines, options.modelFolder ?? undefined)
    const orders = [tuned.record, agent.record]
    say('7. everybody is paid')
    await tuned.settled
    await settle(stage, orders, await payeesOf(local))
    writeFiles(dir, {
      'network.json': { ...local.network, wallets: null },
      'report.json': tuned.report.envelope,
      'agent-card.json': agent.card,
      'agent-evidence.json': served.evidence,
      'orders.json': orders,
      'answers.json': served.answers,
      'chain-logs.json': await dumpChain(local.network),
      'run.json': { seed, startedAt, endedAt: Date.now() } satisfies Run,
    })
    const figures = await figuresOf(dir, { isUnisolatedAllowed })
    sayFigures(say, figures)
    if (staysUp) await leaveUp(stage, folder, published, tuned, agent.card)
    return figures
  } finally {
    over.abort()
    if (options.out === null) rmSync(dir, { recursive: true, force: true })
  }
}

type Raised = { readonly stage: Stage; readonly local: LocalNetwork; readonly engines: string }

async function raise({ folder, seed, isUnisolatedAllowed, say }: TellOptions, signal: AbortSignal): Promise<Raised> {
  say('1. the network comes up on this machine, each part a process with keys of its own')
  const { description } = await up({ folder, isUnisolatedAllowed, onStep: (step) => say(`   ${step}`) })
  const engines = await packageEngines(join(layoutOf(folder).engines))
  const local = await readNetwork(description)
  const cast = {
    modelOwner: await devnetWallet(local, 'model-owner'),
    engineAuthor: await devnetWallet(local, 'engine-author'),
    provider: await devnetWallet(local, 'provider'),
    developer: await devnetWallet(local, 'developer'),
  }
  const allod = connect(local.network, { trust: devnetTrust(local.network) })
  return { stage: { allod, cast, book: openOrderBook(join(folder, 'orders')), seed, say, signal }, local, engines }
}

async function play(stage: Stage, engines: string, modelFolder: string | undefined) {
  const { seed, say } = stage
  say('2. owners publish')
  const published = await publish(stage, engines, modelFolder)
  const company = generateCompany(seed)
  say(`3. the developer fine-tunes on the records of ${company.name}, a company made up from seed ${seed}`)
  const tuned = await finetune(stage, published, companyJsonl(company), COMPANY_PARAMETERS)
  say('4. the tuned model is served as an agent')
  const agent = await deploy(stage, published, tuned, { seconds: AGENT_SECONDS, known: null })
  say(
    '5. an end user verifies the agent, then asks both models, in phrasings that the dataset does not have: other frames',
  )
  say('   around words that it has')
  const served = await verifyAndAsk(stage, agent, company)
  say('6. an auditor checks the report')
  await audit(stage, tuned.report.envelope)
  return { published, tuned, agent, served }
}

const PAYEES = ['model-owner', 'engine-author', 'provider', 'keeper-1', 'keeper-2', 'keeper-3', 'developer'] as const

const payeesOf = (local: LocalNetwork): Promise<readonly Payee[]> =>
  Promise.all(PAYEES.map(async (name) => ({ name, wallet: await devnetWallet(local, name) })))

async function leaveUp(
  stage: Stage,
  folder: string,
  published: Parameters<typeof deploy>[1],
  tuned: Parameters<typeof deploy>[2],
  agent: AgentCard,
): Promise<void> {
  const { say } = stage
  say('8. the agent goes on, under a second order that its card now names')
  const agents = openAgentBook(join(folder, 'agents'))
  // An agent of that name that an earlier demo left on this network goes on as this one: its history is not taken back.
  const earlier = (await agents.find(agent.name))?.orders ?? []
  const known = { ...agent, orders: [...earlier, ...agent.orders] }
  const { card } = await deploy(stage, published, tuned, { seconds: LASTING_AGENT_SECONDS, known })
  await agents.save(card)
  say(`
The network stays up, for an hour with this agent. Try:
  npx allod chat company --as developer
  npx allod offer list
  npx allod order get last
  npx allod down`)
}

function writeFiles(dir: string, files: Readonly<Record<string, unknown>>): void {
  mkdirSync(dir, { recursive: true })
  for (const [name, value] of Object.entries(files))
    writeFileSync(join(dir, name), `${JSON.stringify(value, null, 1)}\n`)
}

function sayFigures(say: (line: string) => void, o: Figures): void {
  say(`${o.questions} questions: the base model answers ${o.baseCorrect} right, the tuned one ${o.tunedCorrect}`)
  say(`${o.unknown} more about what the records do not hold: the tuned model declines ${o.tunedDeclined}`)
  say(
    `escrow left: ${o.escrowLeft} units, the market holds ${o.marketHolds}; ${o.seconds} s in all; isolation: ${o.isolation}${o.ok ? '' : '; NOT as it should be'}`,
  )
}
