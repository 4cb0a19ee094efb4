import type { AgentCard } from '@allod/protocol'
import { ask, issueToken, newAgentCard, placeOrder, quote, requireAgent, verifyAgent } from '@allod/sdk'
import { type CompanyQuestion, isRight } from '../../examples/company/generate.ts'
import { sayPrice } from './finetune.ts'
import { follow } from './follow.ts'
import type { Answered, Published, Served, Stage, Tuned } from './Story.ts'

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
  questions: readonly CompanyQuestion[],
): Promise<Served> {
  const verdict = await verifyAgent(allod, agent.card)
  for (const { name, result, expected, actual } of verdict.checks)
    say(
      `  ${result === 'pass' ? '✓' : '✗'} ${name}${result === 'pass' ? '' : `: expected ${expected}, found ${actual}`}`,
    )
  say(verdict.isHardware ? '  by hardware' : '  by a SIMULATED chip: no secrecy from this machine’s owner')
  requireAgent(verdict)
  const token = await issueToken(cast.developer, agent.record)
  const answers: Answered[] = []
  for (const question of questions) {
    const answerOf = async (model: 'base' | 'tuned') => {
      const messages = [{ role: 'user' as const, content: question.question }]
      const { text, receipt } = await ask(allod, verdict, { token, model, messages, temperature: 0, maxTokens: 40 })
      return { text, receipt }
    }
    const answered = { question: question.question, base: await answerOf('base'), tuned: await answerOf('tuned') }
    answers.push(answered)
    if (answers.length <= 5) {
      say(`  Q ${answered.question}`)
      say(`    base   ${oneLine(answered.base.text)}`)
      const mark = isRight(question, answered.tuned.text) ? '' : `   (wrong: ${question.answer})`
      say(`    tuned  ${oneLine(answered.tuned.text)}${mark}`)
    }
  }
  return { ...agent, evidence: verdict.evidence, answers }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 100)
