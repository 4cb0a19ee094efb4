import { createInterface } from 'node:readline'
import { type AgentVerdict, type Allod, type ChatAnswer, chat, type Message, requireAgent } from '@allod/sdk'
import { cardOf, tokenFor, verified } from '../flows/agentOf.ts'
import { integerOption } from '../flows/integerOption.ts'
import type { Context } from '../frame/Context.ts'
import type { Command } from '../frame/command.ts'
import { verdictSummary } from '../render/checks.ts'
import { jsonOf } from '../render/jsonOf.ts'

export const command: Command = {
  arguments: ['<agent>', '[words…]'],
  options: {
    token: { type: 'string', value: '<token>', says: 'access token; default $ALLOD_TOKEN; its owner needs none' },
    model: { type: 'string', value: '<name>', says: 'tuned, or base to compare; tuned unless told' },
    system: { type: 'string', value: '<text>', says: 'a system message' },
    'max-tokens': { type: 'string', value: '<n>', says: 'longest answer; 256 unless told' },
    seed: { type: 'string', value: '<n>', says: 'the same seed gives the same answer' },
  },
  about:
    'Verifies the agent on this device, then seals each question to the attested key. Nobody between can read or change it. Without words it asks in the terminal, line by line.',
  async run(context) {
    const { positionals, out, allod: open, values } = context
    const [named = '', ...words] = positionals
    const allod = await open()
    const agent = await verified(context, allod, await cardOf(context, named))
    requireAgent(agent)
    out.note(verdictSummary(agent, out.paintNotes))
    const talk = await conversation(context, allod, agent)
    if (words.length > 0) return void (await talk(words.join(' ')))
    for await (const line of questions(context, String(values.model ?? 'tuned'))) await talk(line)
  },
}

async function conversation(
  context: Context,
  allod: Allod,
  agent: AgentVerdict,
): Promise<(question: string) => Promise<void>> {
  const { values, out, io } = context
  const token = await tokenFor(context, agent)
  const system = typeof values.system === 'string' ? [{ role: 'system', content: values.system } as const] : []
  const messages: Message[] = [...system]
  return async (question) => {
    messages.push({ role: 'user', content: question })
    const events = chat(allod, agent, {
      token,
      messages,
      model: typeof values.model === 'string' ? values.model : 'tuned',
      maxTokens: integerOption(values, 'max-tokens', { otherwise: 256, min: 1, max: 1 << 20 }),
      ...(values.seed === undefined ? {} : { seed: integerOption(values, 'seed', { otherwise: 0, max: 0xffffffff }) }),
      signal: io.signal,
    })
    let answer: ChatAnswer | null = null
    for await (const event of events) {
      if (event.kind === 'done') answer = event.answer
      else out.piece(event.text)
    }
    out.piece('\n')
    if (answer === null) return
    messages.push({ role: 'assistant', content: answer.text })
    out.line(jsonOf({ agent: agent.card.name, question, ...answer }), null)
  }
}

/** Lines typed or piped in, until the end. */
async function* questions({ io, out }: Context, model: string): AsyncGenerator<string, void> {
  const isTyped = io.stdin.isTTY === true
  const lines = createInterface({ input: io.stdin, ...(isTyped ? { output: io.stderr } : {}), signal: io.signal })
  if (isTyped) {
    out.note(`talking to ${model}; end with Ctrl-D`)
    lines.setPrompt('> ')
    lines.prompt()
  }
  for await (const line of lines) {
    if (line.trim() !== '') yield line.trim()
    if (isTyped) lines.prompt()
  }
}
