import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layoutOf, up } from '@allod/devnet'
import type { Json } from '@allod/protocol'
import { connect } from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { devnetWallet, openAgentBook, openOrderBook, readNetwork } from '@allod/sdk/node'
import { companyJsonl, generateCompany } from '../../examples/company/generate.ts'
import { audit } from './audit.ts'
import { chainLogs, countMoney } from './chainLogs.ts'
import { finetune } from './finetune.ts'
import { type Payee, settle } from './money.ts'
import { packageEngines } from './packageEngines.ts'
import { publish } from './publish.ts'
import type { Answered, Stage } from './Story.ts'
import { deploy, verifyAndAsk } from './serve.ts'

/** How the demo's adapter is trained. */
const PARAMETERS = { method: 'lora', rank: 16, alpha: 32, epochs: 16, learningRate: '0.004', rows: 8 } as const
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

/** What came of it; every figure is counted again from the files. */
export type Outcome = {
  readonly ok: boolean
  readonly seconds: number
  readonly seed: number
  readonly questions: number
  readonly baseCorrect: number
  readonly tunedCorrect: number
  readonly agentVerified: boolean
  readonly reportVerified: boolean
  readonly tamperedReportRefused: boolean
  readonly paid: string
  readonly refunded: string
  readonly escrowLeft: string
  readonly orders: number
  readonly isolation: 'bubblewrap' | 'none'
}

/** The main job: lease, fine-tune, report, serve, pay. */
export async function tell(options: TellOptions): Promise<Outcome> {
  const { folder, seed, staysUp, isUnisolatedAllowed, say } = options
  const started = performance.now()
  say('1. the network comes up on this machine, each part a process with keys of its own')
  const { description } = await up({ folder, isUnisolatedAllowed, onStep: (step) => say(`   ${step}`) })
  const engines = await packageEngines(join(layoutOf(folder).engines))
  const local = await readNetwork(description)
  const isolation = local.network.trust.isUnisolatedAllowed ? 'none' : 'bubblewrap'
  const allod = connect(local.network, { trust: devnetTrust(local.network) })
  const wallet = (name: string) => devnetWallet(local, name)
  const stage: Stage = {
    allod,
    cast: {
      modelOwner: await wallet('model-owner'),
      engineAuthor: await wallet('engine-author'),
      provider: await wallet('provider'),
      developer: await wallet('developer'),
    },
    book: openOrderBook(join(folder, 'orders')),
    seed,
    say,
  }
  say('2. owners publish')
  const published = await publish(stage, engines, options.modelFolder ?? undefined)
  const company = generateCompany(seed)
  say(`3. the developer fine-tunes on the records of ${company.name}, a company made up from seed ${seed}`)
  const tuned = await finetune(stage, published, companyJsonl(company), PARAMETERS)
  say('4. the tuned model is served as an agent')
  const agent = await deploy(stage, published, tuned, { seconds: AGENT_SECONDS, known: null })
  say('5. an end user verifies the agent, then asks both models, in phrasings that the dataset does not have')
  const served = await verifyAndAsk(stage, agent, company.questions)
  say('6. an auditor checks the report')
  const audited = await audit(stage, tuned.report.envelope)
  say('7. everybody is paid')
  const payees: Payee[] = await Promise.all(
    ['model-owner', 'engine-author', 'provider', 'keeper-1', 'keeper-2', 'keeper-3', 'developer'].map(async (name) => ({
      name,
      wallet: await wallet(name),
    })),
  )
  const orders = [tuned.record, agent.record]
  await settle(stage, orders, payees)

  const dir = options.out ?? mkdtempSync(join(tmpdir(), 'allod-outcome-'))
  try {
    writeFiles(dir, {
      'report.json': tuned.report.envelope,
      'agent-card.json': agent.card,
      'orders.json': orders,
      'answers.json': served.answers,
      'chain-logs.json': await chainLogs(allod, orders),
    })
    const outcome = countOutcome(dir, {
      seed,
      isolation,
      seconds: Math.round((performance.now() - started) / 100) / 10,
      agentVerified: served.isVerified,
      reportVerified: audited.verdict.verdict === 'valid-then',
      tamperedReportRefused: audited.isTamperedRefused,
      isUnisolatedAllowed,
    })
    sayOutcome(say, outcome)
    if (staysUp) await leaveUp(stage, folder, published, tuned, agent.card)
    return outcome
  } finally {
    if (options.out === null) rmSync(dir, { recursive: true, force: true })
  }
}

async function leaveUp(
  stage: Stage,
  folder: string,
  published: Parameters<typeof deploy>[1],
  tuned: Parameters<typeof deploy>[2],
  known: Parameters<typeof deploy>[3]['known'],
): Promise<void> {
  const { say } = stage
  say('8. the agent goes on, under a second order that its card now names')
  const { card } = await deploy(stage, published, tuned, { seconds: LASTING_AGENT_SECONDS, known })
  await openAgentBook(join(folder, 'agents')).save(card)
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

type Given = Pick<
  Outcome,
  'seed' | 'isolation' | 'seconds' | 'agentVerified' | 'reportVerified' | 'tamperedReportRefused'
> & { readonly isUnisolatedAllowed: boolean }

function countOutcome(dir: string, { isUnisolatedAllowed, ...given }: Given): Outcome {
  const read = <T>(name: string) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as T
  const answers = read<readonly Answered[]>('answers.json')
  const money = countMoney(read<readonly Json[]>('chain-logs.json'))
  const baseCorrect = answers.filter((a) => a.baseIsRight).length
  const tunedCorrect = answers.filter((a) => a.tunedIsRight).length
  const ok =
    given.agentVerified &&
    given.reportVerified &&
    given.tamperedReportRefused &&
    tunedCorrect >= 0.9 * answers.length &&
    baseCorrect <= 0.1 * answers.length &&
    money.escrowLeft === 0n &&
    (given.isolation === 'bubblewrap' || isUnisolatedAllowed)
  return {
    ok,
    seconds: given.seconds,
    seed: given.seed,
    questions: answers.length,
    baseCorrect,
    tunedCorrect,
    agentVerified: given.agentVerified,
    reportVerified: given.reportVerified,
    tamperedReportRefused: given.tamperedReportRefused,
    paid: String(money.paid),
    refunded: String(money.refunded),
    escrowLeft: String(money.escrowLeft),
    orders: read<readonly unknown[]>('orders.json').length,
    isolation: given.isolation,
  }
}

function sayOutcome(say: (line: string) => void, o: Outcome): void {
  say(`${o.questions} questions: the base model answers ${o.baseCorrect} right, the tuned one ${o.tunedCorrect}`)
  say(
    `escrow left: ${o.escrowLeft} units; ${o.seconds} s in all; isolation: ${o.isolation}${o.ok ? '' : '; NOT as it should be'}`,
  )
}
