import { expect, test } from 'vitest'
import { type CompanyQuestion, companyJsonl, generateCompany, isRight } from './generate.ts'

const seeds = Array.from({ length: 100 }, (_, i) => i + 1)

/** Whether a text is asked in this phrasing, whatever stands for the subject. */
function isAskedAs(phrasing: string, text: string): boolean {
  const [before = '', after = ''] = phrasing.split('{s}')
  const [lower, start] = [text.toLowerCase(), before.toLowerCase()]
  return lower.length > start.length + after.length && lower.startsWith(start) && lower.endsWith(after.toLowerCase())
}

const bare = (text: string): string => ` ${text.toLowerCase().replace(/[^a-z0-9 ]/g, '')} `

test.each(seeds)('no row of company %i is asked in the phrasing of a question, for any subject', (seed) => {
  const { rows, questions } = generateCompany(seed)
  const asked = rows.map((r) => r.messages[0].content)
  for (const { question, heldOutPhrasing } of questions) {
    expect(isAskedAs(heldOutPhrasing, question)).toBe(true)
    expect(asked.filter((text) => isAskedAs(heldOutPhrasing, text))).toEqual([])
  }
})

test.each(seeds)('no row of company %i holds a question within its own', (seed) => {
  const { rows, questions, unknown } = generateCompany(seed)
  const asked = rows.map((r) => bare(r.messages[0].content))
  for (const question of [...questions.map((q) => q.question), ...unknown])
    expect(asked.filter((text) => text.includes(bare(question)))).toEqual([])
})

test.each(seeds)('company %i has at least 20 questions, each once, whose answers the rows hold', (seed) => {
  const { rows, questions } = generateCompany(seed)
  expect(questions.length).toBeGreaterThanOrEqual(20)
  expect(new Set(questions.map((q) => q.question)).size).toBe(questions.length)
  for (const question of questions) expect(rows.some((r) => isRight(question, r.messages[1].content))).toBe(true)
})

test('the same seed makes the same company, another seed another', () => {
  expect(generateCompany(7)).toEqual(generateCompany(7))
  expect(companyJsonl(generateCompany(7))).not.toBe(companyJsonl(generateCompany(8)))
})

const question: CompanyQuestion = {
  question: 'How often is the Wagtail press serviced?',
  answer: '25 days',
  heldOutPhrasing: '',
}

test.each(['The Wagtail press is serviced every 25 days.', '25 DAYS', 'every 25  days, I think'])(
  'an answer is right that holds the words it must: %s',
  (answer) => expect(isRight(question, answer)).toBe(true),
)

test.each(['', 'every 125 days', '25 daysies', 'days 25', 'I have no record of that.'])(
  'an answer is wrong that does not: %s',
  (answer) => expect(isRight(question, answer)).toBe(false),
)
