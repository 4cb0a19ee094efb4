import { type AgentCard, toBase64Url } from '@allod/protocol'
import { ask, issueToken, newAgentCard, placeOrder, quote, requireAgent, verifyAgent } from '@allod/sdk'
import { type Company, isDeclined, isRight } from '../../examples/company/generate.ts'
import { sayPrice } from './finetune.ts'
import { follow } from './follow.ts'
import type { Answered, Published, Served, Stage, Tuned } from './Story.ts'

/** So many questions are told with their answers; all are asked. */
const [TOLD, TOLD_UNKNOWN] = [5, 3]

/** Orders an agent that serves the tuned model beside its base, and waits until it answers. */
export async function deploy(
  stage: Stage,
  published: Published,
  tuned: Tuned,
  { seconds, known }: { readonly seconds: number; readonly known: AgentCard | null },
): Promise<Pick<Served, 'record' | 'card'>> {
  const { allod, cast, book, say } = stage
  const { developer } = cast
  const offered = await quote(allod, {
    kind: 'serve',
    buyer: developer.key.address,
    compute: published.compute,
    engine: published.serveEngine,
    inputs: {
      base: { kind: 'offer', offer: published.model.posted },
      adapter: { kind: 'offer', offer: tuned.adapter.signed },
    },
    seconds,
  })
  sayPrice(stage, offered)
  const record = await placeOrder(allod, developer, offered, { book })
  say(`order ${record.order}`)
  await follow(stage, developer, record, ['serving'])
  return { record, card: newAgentCard(developer, record, { name: 'company', known }) }
}

/** The end user: verifies the agent on the own side, every check shown, then asks it. */
export async function verifyAndAsk(
  { allod, cast, say }: Stage,
  agent: Pick<Served, 'record' | 'card'>,
  { questions, unknown }: Pick<Company, 'questions' | 'unknown'>,
): Promise<Served> {
  const verdict = await verifyAgent(allod, agent.card)
  for (const { name, result, expected, actual } of verdict.checks)
    say(
      `  ${result === 'pass' ? '✓' : '✗'} ${name}${result === 'pass' ? '' : `: expected ${expected}, found ${actual}`}`,
    )
  say(verdict.isHardware ? '  by hardware' : '  by a SIMULATED chip: no secrecy from this machine’s owner')
  requireAgent(verdict)
  const token = await issueToken(cast.developer, agent.record)
  const answerOf = async (model: 'base' | 'tuned', content: string) => {
    const messages = [{ role: 'user' as const, content }]
    const said = await ask(allod, verdict, { token, model, messages, temperature: 0, maxTokens: 40 })
    const { text, receipt, request, answer } = said
    return { text, receipt, request: toBase64Url(request), answer: toBase64Url(answer) }
  }
  const answers: Answered[] = []
  const askBoth = async (question: string): Promise<Answered> => {
    const answered = {
      question,
      base: await answerOf('base', question),
      tuned: await answerOf('tuned', question),
    }
    answers.push(answered)
    return answered
  }
  const tell = ({ question, base, tuned }: Answered, complaint: string | null): void => {
    say(`  Q ${question}`)
    say(`    base   ${oneLine(base.text)}`)
    say(`    tuned  ${oneLine(tuned.text)}${complaint === null ? '' : `   (wrong: ${complaint})`}`)
  }
  for (const [i, question] of questions.entries()) {
    const answered = await askBoth(question.question)
    if (i < TOLD) tell(answered, isRight(question, answered.tuned.text) ? null : question.answer)
  }
  say('  and what the records do not hold:')
  for (const [i, question] of unknown.entries()) {
    const answered = await askBoth(question)
    if (i < TOLD_UNKNOWN) tell(answered, isDeclined(answered.tuned.text) ? null : 'there is no record')
  }
  return { ...agent, evidence: verdict.evidence, answers }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 100)
