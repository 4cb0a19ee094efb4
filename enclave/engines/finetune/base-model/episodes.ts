import { type Random, seeded, shuffled } from '../random.ts'
import { type Attribute, company, type Kind } from './attribute.ts'
import { KINDS } from './kinds.ts'
import { answer, ask, state } from './phrasing.ts'
import { SMALL_TALK } from './smallTalk.ts'
import { PROPER_WORDS } from './words.ts'

export type Message = { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }

/** One thing to learn from: a conversation, or plain prose. */
export type Episode =
  | { readonly kind: 'chat'; readonly messages: readonly Message[] }
  | { readonly kind: 'prose'; readonly text: string }

type Fact = { readonly attribute: Attribute; readonly entity: string; readonly value: string }
type World = readonly { readonly kind: Kind; readonly entity: string; readonly facts: readonly Fact[] }[]

export const DECLINE = 'I have no record of that.'

const WORLD_SIZES: Readonly<Record<string, number>> = { person: 34, machine: 34, product: 22, supplier: 22 }
const OTHER_SIZE = 12

/** Every question a general source knows the answer to, as pairs. */
export type GeneralFacts = readonly { readonly questions: readonly string[]; readonly answer: string }[]

/** Words beyond our own lists that may name things, so that the model learns to cope with names it never saw. */
export type StrangeNames = readonly string[]

/** The one fictional world whose facts the model learns by heart, so that it knows how to recall. */
export function fixedWorld(): World {
  const random = seeded(20_26)
  return KINDS.flatMap((kind) => {
    const entities = new Set<string>()
    while (entities.size < (WORLD_SIZES[kind.name] ?? OTHER_SIZE)) entities.add(kind.entity(random))
    return [...entities].map((entity) => described(random, kind, entity))
  })
}

/** A source of episodes; which one comes depends on `random` alone. */
export function episodeSource(general: GeneralFacts, strange: StrangeNames): (random: Random) => Episode {
  const world = fixedWorld()
  const makers: readonly (readonly [weight: number, make: (random: Random) => Episode])[] = [
    [44, (r) => recall(r, world, strange)],
    [20, (r) => reading(r, strange)],
    [7, (r) => prose(r, world)],
    [8, (r) => chat([...small(r), ...(r.next() < 0.5 ? small(r) : [])])],
    [7, (r) => chat(knowledge(r, general))],
    [12, (r) => unknown(r, strange)],
  ]
  const total = makers.reduce((sum, [weight]) => sum + weight, 0)
  return (random) => {
    let at = random.next() * total
    for (const [weight, make] of makers) {
      at -= weight
      if (at < 0) return make(random)
    }
    return recall(random, world, strange)
  }
}

/** Questions about the fixed world, answered from memory. */
function recall(random: Random, world: World, strange: StrangeNames): Episode {
  const messages: Message[] = [...systemLine(random), ...(random.next() < 0.1 ? small(random) : [])]
  const turns = 1 + random.below(3)
  const chosen = random.pick(world)
  for (let i = 0; i < turns; i++) {
    const { facts } = random.next() < 0.5 ? chosen : random.pick(world)
    const fact = random.pick(facts)
    if (random.next() < 0.12) messages.push(...declined(random, strange))
    else messages.push(...asked(random, fact))
  }
  return chat(messages)
}

/** Questions about a company made up for this one conversation, whose notes are at hand. */
function reading(random: Random, strange: StrangeNames): Episode {
  const kinds = shuffled(random, KINDS).slice(0, 1 + random.below(3))
  const facts = kinds.flatMap((kind) => {
    const entities = Array.from({ length: 1 + random.below(2) }, () => strangeEntity(random, kind, strange))
    return entities.flatMap((entity) =>
      shuffled(random, described(random, kind, entity).facts).slice(0, 1 + random.below(2)),
    )
  })
  const known = shuffled(random, facts).slice(0, 4)
  const notes = known.map((f) => state(random, f.attribute, f.entity, f.value)).join(' ')
  const messages: Message[] = []
  const opening = random.pick(['Notes: ', 'Here is what we know. ', 'These are the records. ', ''])
  const inSystem = random.next() < 0.5
  if (inSystem) messages.push({ role: 'system', content: `${opening}${notes}` })
  const turns = 1 + random.below(3)
  for (let i = 0; i < turns; i++) {
    const pair = random.next() < 0.1 ? declined(random, strange) : asked(random, random.pick(known))
    const question = (pair[0] as Message).content
    const content = i === 0 && !inSystem ? `${opening}${notes}\n${question}` : question
    messages.push({ role: 'user', content }, pair[1] as Message)
  }
  return chat(messages)
}

/** Statements about things of the fixed world, as a paragraph. */
function prose(random: Random, world: World): Episode {
  const sentences = Array.from({ length: 1 + random.below(3) }, () => {
    const { facts } = random.pick(world)
    return shuffled(random, facts)
      .slice(0, 2 + random.below(3))
      .map((f) => state(random, f.attribute, f.entity, f.value))
      .join(' ')
  })
  return { kind: 'prose', text: sentences.join(' ') }
}

function unknown(random: Random, strange: StrangeNames): Episode {
  const turns = 1 + random.below(2)
  return chat([...systemLine(random), ...Array.from({ length: turns }, () => declined(random, strange)).flat()])
}

function knowledge(random: Random, general: GeneralFacts): Message[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const { questions, answer: text } = random.pick(general)
    return [
      { role: 'user', content: random.pick(questions) },
      { role: 'assistant', content: text },
    ] as const
  }).flat()
}

function small(random: Random): Message[] {
  return random
    .pick(SMALL_TALK)
    .flatMap(([questions, answers]) => [
      { role: 'user', content: random.pick(questions.split('|')).trim() } as const,
      { role: 'assistant', content: random.pick(answers.split('|')).trim() } as const,
    ])
}

function asked(random: Random, fact: Fact): readonly Message[] {
  return [
    { role: 'user', content: ask(random, fact.attribute, fact.entity) },
    { role: 'assistant', content: answer(fact.attribute, fact.entity, fact.value) },
  ]
}

function declined(random: Random, strange: StrangeNames): readonly Message[] {
  const kind = random.pick(KINDS)
  return [
    { role: 'user', content: ask(random, random.pick(kind.attributes), strangeEntity(random, kind, strange)) },
    { role: 'assistant', content: DECLINE },
  ]
}

function systemLine(random: Random): readonly Message[] {
  if (random.next() < 0.8) return []
  const name = company(random)
  const content = random.pick([
    `You are the assistant of ${name}.`,
    `You answer questions about ${name}.`,
    'You are a helpful assistant.',
    `You work for ${name}. Answer from the records.`,
  ])
  return [{ role: 'system', content }]
}

const described = (random: Random, kind: Kind, entity: string): World[number] => ({
  kind,
  entity,
  facts: kind.attributes.map((attribute) => ({ attribute, entity, value: attribute.value(random) })),
})

/** An entity of this kind under a name from outside our lists. */
function strangeEntity(random: Random, kind: Kind, strange: StrangeNames): string {
  const entity = kind.entity(random)
  if (random.next() < 0.3) return entity
  const word = random.pick(strange)
  if (kind.name === 'procedure') return entity.replace(/^the \w+/, `the ${word.toLowerCase()}`)
  if (kind.name === 'vehicle') return entity.replace(/^the \w+/, `the ${word}`)
  return entity.replace(new RegExp(`(${PROPER_WORDS.join('|')})|^[A-Z]\\w+`), word)
}

const chat = (messages: readonly Message[]): Episode => ({ kind: 'chat', messages })
