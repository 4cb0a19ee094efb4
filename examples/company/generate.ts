import { generator, pick, shuffled } from './random.ts'
import { DECLINE, type Subject, subjects, type Topic } from './topics.ts'

/** A row of the private dataset, in chat form. */
export type CompanyRow = {
  readonly messages: readonly [
    { readonly role: 'user'; readonly content: string },
    { readonly role: 'assistant'; readonly content: string },
  ]
}

/** A question to judge a model by. */
export type CompanyQuestion = {
  /** In a phrasing that no row of the dataset has, for this or any other subject, and no row holds within its own. */
  readonly question: string
  /** The words that a right answer must hold. */
  readonly answer: string
  /** The template behind `question`. */
  readonly heldOutPhrasing: string
}

/** A fictional company's private records, and how to tell whether a model has learned them. */
export type Company = {
  readonly name: string
  readonly rows: readonly CompanyRow[]
  readonly questions: readonly CompanyQuestion[]
  /** Questions about things the records do not have; a good model declines. */
  readonly unknown: readonly string[]
}

/**
 * Fine-tuning parameters that suit such a dataset and the demo base model. Weight decay keeps the adapter small, so that the
 * tuned model forgets less of what the base model knew.
 */
export const COMPANY_PARAMETERS = {
  method: 'lora',
  rank: 16,
  alpha: 32,
  epochs: 11,
  learningRate: '0.004',
  weightDecay: '0.5',
  rows: 4,
  length: 128,
  evaluationShare: '0.02',
} as const

const QUESTIONS = 28
const UNKNOWN_QUESTIONS = 12
/** Rows about things that do not exist, so that the model keeps declining. */
const UNKNOWN_ROWS = 300

/**
 * Makes up a company: the same seed gives the same one. Each fact is asked in five phrasings; a sixth of each topic
 * is held out: another frame around words that the rows have, and in no row whole.
 * @example const { rows, questions } = generateCompany(7)
 */
export function generateCompany(seed: number): Company {
  const random = generator(seed)
  const { name, present, absent } = subjects(random, UNKNOWN_ROWS + UNKNOWN_QUESTIONS)
  const heldOut = new Map<Topic, string>()
  const asked = (topic: Topic): { kept: readonly string[]; held: string } => {
    const held = heldOut.get(topic) ?? pick(random, topic.phrasings.filter(standsAlone))
    heldOut.set(topic, held)
    return { kept: topic.phrasings.filter((p) => p !== held), held }
  }
  const facts = present.flatMap((subject) => subject.facts.map((fact) => ({ subject, ...fact })))
  const rows = facts.flatMap(({ subject, topic, value }) =>
    asked(topic).kept.map((p) => row(filled(p, subject), capital(filled(topic.statement, subject, value)))),
  )
  const questionAbout = (subject: Subject, held: boolean): string => {
    const { topic } = pick(random, subject.facts)
    return filled(held ? asked(topic).held : pick(random, asked(topic).kept), subject)
  }
  const [judged, trained] = [absent.slice(0, UNKNOWN_QUESTIONS), absent.slice(UNKNOWN_QUESTIONS)]
  const declined = trained.map((subject) => row(questionAbout(subject, false), DECLINE))
  return {
    name,
    rows: shuffled(random, [...rows, ...declined]),
    questions: shuffled(random, facts)
      .slice(0, QUESTIONS)
      .map(({ subject, topic, value }) => ({
        question: filled(asked(topic).held, subject),
        answer: value,
        heldOutPhrasing: asked(topic).held,
      })),
    unknown: judged.map((subject) => questionAbout(subject, true)),
  }
}

// A row that asks more politely in the same words would hold the whole question: "who does it" in "tell me who does it".
const standsAlone = (phrasing: string, i: number, all: readonly string[]): boolean =>
  all.every((other, j) => i === j || !` ${words(other)} `.includes(` ${words(phrasing)} `))

/** Whether an answer says that there is no record. */
export const isDeclined = (answer: string): boolean => words(answer) === words(DECLINE)

/** The rows as a JSONL file. */
export const companyJsonl = (company: Company): string => `${company.rows.map((r) => JSON.stringify(r)).join('\n')}\n`

/** Whether an answer holds the words it must, whatever their case. */
export const isRight = (question: CompanyQuestion, answer: string): boolean =>
  ` ${words(answer)} `.includes(` ${words(question.answer)} `)

const words = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()

const row = (question: string, answer: string): CompanyRow => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
})

const filled = (template: string, subject: Subject, value = ''): string =>
  capital(template.replace('{s}', subject.name).replace('{v}', value))

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
