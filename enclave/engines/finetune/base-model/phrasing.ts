import type { Random } from '../random.ts'
import type { Attribute } from './attribute.ts'

const CARRIERS =
  `Tell me {c}. | Please tell me {c}. | Can you tell me {c}? | Could you tell me {c}? | Do you know {c}? |
I need to know {c}. | I would like to know {c}. | Let me know {c}. | Remind me {c}. | Please remind me {c}. | Say {c}. |
I forgot {c}. | Could you look up {c}? | Please say {c}. | I want to know {c}. | Can you say {c}? | Would you tell me {c}? |
Give me {c}. | Look up {c}, please.`
    .split('|')
    .map((s) => s.trim())

const FRAMES = `{q} | {q} | {q} | {q} | {q} | {q} | Hello. {q} | Quick question: {q} | {q} Thanks. | Excuse me. {q} |
{q} Please be brief. | One question. {q} | Hi. {q} | A customer asks: {q} | {q} I need it now. | Sorry to bother you. {q} |
Good morning. {q} | I am new here. {q}`
  .split('|')
  .map((s) => s.trim())

/** A question about an attribute of `entity`, in one of very many phrasings. */
export function ask(random: Random, attribute: Attribute, entity: string): string {
  const bare =
    random.next() < 0.55
      ? random.pick(attribute.questions)
      : random.pick(CARRIERS).replace('{c}', random.pick(attribute.clauses))
  return sentence(random.pick(FRAMES).replace('{q}', fill(bare, entity, '')))
}

/** The usual sentence that states it. */
export const answer = (attribute: Attribute, entity: string, value: string): string =>
  sentence(fill(attribute.statements[0] as string, entity, value))

/** Any sentence that states it. */
export const state = (random: Random, attribute: Attribute, entity: string, value: string): string =>
  sentence(fill(random.pick(attribute.statements), entity, value))

const fill = (template: string, entity: string, value: string): string => {
  const filled = template.replace('{e}', entity).replace('{v}', value)
  return sentence(filled)
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
