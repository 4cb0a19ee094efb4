import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AgentCard,
  agentCardShape,
  fromBase64Url,
  type Hex,
  isAllodError,
  receiptShape,
  requireAgentCard,
  requireReceipt,
} from '@allod/protocol'
import {
  type BundleVerdict,
  parseNetwork,
  parseOrderRecord,
  readTranscript,
  verifyEvidence,
  verifyReport,
} from '@allod/sdk'
import { devnetTrust } from '@allod/sdk/devnet'
import { generateCompany, isDeclined, isRight } from '../../examples/company/generate.ts'
import { type ChainDump, readDump, type StoryLog } from './chainLogs.ts'
import { countMoney, type Money } from './countMoney.ts'
import { isGood } from './isGood.ts'
import type { Answered, Run } from './Story.ts'
import { viewOfLogs } from './viewOfLogs.ts'

/** What came of a story. Amounts are decimal strings, in token units. */
export type Figures = {
  readonly ok: boolean
  readonly seconds: number
  readonly seed: number
  readonly questions: number
  readonly baseCorrect: number
  readonly tunedCorrect: number
  /** Questions about what the records do not hold, and how many of them the tuned model declines. */
  readonly unknown: number
  readonly tunedDeclined: number
  readonly agentVerified: boolean
  readonly reportVerified: boolean
  readonly tamperedReportRefused: boolean
  readonly paid: string
  readonly refunded: string
  readonly escrowLeft: string
  /** What left the market, and what the token says that it still holds. */
  readonly withdrawn: string
  readonly marketHolds: string
  readonly orders: number
  /** What the evidence says; null where there is none that can be read. */
  readonly isolation: 'bubblewrap' | 'none' | null
}

/** Changed copies of the report, one byte each, that must all be refused. */
const CHANGED_COPIES = 16

/**
 * Every figure of a story, from the files that it left and nothing else: the verifier is run on the report and on the agent's
 * evidence as written, answers are judged by the company of the seed, and money is counted from the dump of the chain's logs.
 * @param dir the folder of the files
 * @param options.isUnisolatedAllowed takes evidence of environments without a sandbox; without it they make `ok` false
 */
export async function figuresOf(
  dir: string,
  { isUnisolatedAllowed }: { readonly isUnisolatedAllowed: boolean },
): Promise<Figures> {
  const text = (name: string): string => readFileSync(join(dir, name), 'utf8')
  const read = (name: string): unknown => JSON.parse(text(name))
  const run = read('run.json') as Run
  const network = parseNetwork(read('network.json'))
  const logs = readDump(read('chain-logs.json') as ChainDump, network.addresses)
  const orders = (read('orders.json') as readonly unknown[]).map((value) => parseOrderRecord(value).order)
  const trust = devnetTrust({ ...network, trust: { ...network.trust, isUnisolatedAllowed } })
  const judge = { trust, view: viewOfLogs(logs) }
  const reportFile = text('report.json')
  const report = await reportOutcome(reportFile, judge)
  const card = agentCardShape(read('agent-card.json'))
  const answers = read('answers.json') as readonly Answered[]
  const evidence = await verifyEvidence(
    { trust, chain: { latest: async () => judge.view } },
    read('agent-evidence.json'),
    { now: Math.floor(run.endedAt / 1000) },
  ).catch(() => null)
  const counted = countAnswers(run.seed, answers)
  const money = countMoney(logs, network.addresses.market, orders)
  const figures = {
    seconds: secondsOf(run.startedAt, run.endedAt),
    seed: run.seed,
    ...counted,
    agentVerified: isAgentOf(card, read('agent-evidence.json'), evidence, logs) && areAnswersOf(card, answers, logs),
    reportVerified: report.isValid,
    tamperedReportRefused: await isEveryCopyRefused(reportFile, judge),
    ...amountsOf(money),
    orders: orders.length,
    isolation: isolationOf([...report.isolation, ...(evidence?.proof ?? []).flatMap(isolationSaid)]),
  }
  return { ok: isGood(figures, money, isUnisolatedAllowed), ...figures }
}

/** The figures of a story that broke off: nothing is shown. */
export function failedFigures({ seed, startedAt, endedAt }: Run): Figures {
  return {
    ok: false,
    seconds: secondsOf(startedAt, endedAt),
    seed,
    ...{ questions: 0, baseCorrect: 0, tunedCorrect: 0, unknown: 0, tunedDeclined: 0 },
    ...{ agentVerified: false, reportVerified: false, tamperedReportRefused: false },
    ...{ paid: '0', refunded: '0', escrowLeft: '0', withdrawn: '0', marketHolds: '0' },
    orders: 0,
    isolation: null,
  }
}

const secondsOf = (startedAt: number, endedAt: number): number => Math.round((endedAt - startedAt) / 100) / 10

type Judge = { readonly trust: ReturnType<typeof devnetTrust>; readonly view: ReturnType<typeof viewOfLogs> }

const amountsOf = ({ paid, refunded, escrowLeft, withdrawn, marketHolds }: Money) => ({
  paid: String(paid),
  refunded: String(refunded),
  escrowLeft: String(escrowLeft),
  withdrawn: String(withdrawn),
  marketHolds: String(marketHolds),
})

// A question that nobody answered was not answered right.
function countAnswers(seed: number, answers: readonly Answered[]) {
  const { questions, unknown } = generateCompany(seed)
  const given = new Map(answers.map((a) => [a.question, a]))
  const answer = (model: 'base' | 'tuned', question: string) => given.get(question)?.[model].text ?? ''
  const right = (model: 'base' | 'tuned') => questions.filter((q) => isRight(q, answer(model, q.question))).length
  return {
    questions: questions.length,
    baseCorrect: right('base'),
    tunedCorrect: right('tuned'),
    unknown: unknown.length,
    tunedDeclined: unknown.filter((q) => isDeclined(answer('tuned', q))).length,
  }
}

async function reportOutcome(file: string, judge: Judge) {
  const isolation = (checks: Parameters<typeof isolationSaid>[0][]) => checks.flatMap(isolationSaid)
  try {
    const { verdict, checks } = await verifyReport(JSON.parse(file), judge)
    return { isValid: verdict === 'valid-then', isolation: isolation([...checks]) }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { isValid: false, isolation: [] }
  }
}

const isRefusal = (error: unknown): boolean => isAllodError(error) || error instanceof SyntaxError

async function isEveryCopyRefused(file: string, judge: Judge): Promise<boolean> {
  const places = Array.from({ length: CHANGED_COPIES }, (_, i) =>
    Math.floor(((i + 0.5) * file.length) / CHANGED_COPIES),
  )
  for (const place of places) {
    // Space between two words of JSON says nothing; every other byte does.
    const at = place + file.slice(place).search(/\w/)
    const changed = `${file.slice(0, at)}${file[at] === 'A' ? 'B' : 'A'}${file.slice(at + 1)}`
    const verdict = await reportOutcome(changed, judge)
    if (verdict.isValid) return false
  }
  return true
}

function isolationSaid({ name, actual }: { readonly name: string; readonly actual: string }): readonly string[] {
  return name === 'isolation' ? [actual] : []
}

function isolationOf(said: readonly string[]): Figures['isolation'] {
  if (said.length === 0) return null
  return said.every((word) => word === 'a sandbox') ? 'bubblewrap' : 'none'
}

const lower = (value: unknown): string => String(value).toLowerCase()

/** The enclave that the chain recorded last for a card's order. */
function recordedFor(card: AgentCard, logs: readonly StoryLog[]) {
  const events = logs.filter((log) => log.contract === 'market' && log.args.order === card.orders.at(-1))
  const bound = events.findLast((log) => log.name === 'Bound')
  const created = events.find((log) => log.name === 'Created')
  return {
    enclave: lower(bound?.args.enclave) as Hex,
    build: lower(bound?.args.build),
    generation: Number(bound?.args.generation),
    buyer: lower(created?.args.buyer),
  }
}

// The evidence holds by itself, and is that of the very enclave that the chain recorded for the order of the card.
function isAgentOf(
  card: AgentCard,
  bundle: unknown,
  verdict: BundleVerdict | null,
  logs: readonly StoryLog[],
): boolean {
  if (verdict?.isAccepted !== true || !passes(() => requireAgentCard(card, null))) return false
  const { bound } = bundle as { readonly bound: Readonly<Record<string, unknown>> }
  const { enclave, build, generation, buyer } = recordedFor(card, logs)
  return (
    bound.role === 'client' &&
    bound.order === card.orders.at(-1) &&
    bound.signingAddress === enclave &&
    bound.buildDigest === build &&
    bound.generation === generation &&
    buyer === card.buyer
  )
}

// Each answer has the enclave's receipt, for this order, this model, this question and these words.
function areAnswersOf(card: AgentCard, answers: readonly Answered[], logs: readonly StoryLog[]): boolean {
  const { enclave } = recordedFor(card, logs)
  const isAnswer = (model: 'base' | 'tuned', { question, ...answered }: Answered): boolean =>
    passes(() => {
      const { text, ...kept } = answered[model]
      const receipt = receiptShape(kept.receipt)
      requireReceipt(receipt, enclave)
      const said = readTranscript({ receipt, request: fromBase64Url(kept.request), answer: fromBase64Url(kept.answer) })
      const [message, ...more] = said.messages
      const isSame = message?.content === question && more.length === 0 && said.model === model && said.text === text
      if (!isSame || receipt.order !== card.orders.at(-1)) throw new SyntaxError('a receipt of something else')
    })
  return answers.every((answered) => isAnswer('base', answered) && isAnswer('tuned', answered))
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (!isRefusal(error)) throw error
    return false
  }
}
