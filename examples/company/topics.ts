import { pick, type Random } from './random.ts'

/**
 * Something that can be known: six ways to ask, one way to say. `{s}` is the subject, `{v}` the value. No way to ask reads
 * like one of another topic, whatever stands for the subject: one that is held out is in no row at all. Each asks in the words
 * of two others, so that what is held out is asked in words that the rows have.
 */
export type Topic = {
  readonly phrasings: readonly string[]
  readonly statement: string
  readonly value: (random: Random) => string
}

/** Something the company has, with what is known of it. */
export type Subject = {
  readonly name: string
  readonly facts: readonly { readonly topic: Topic; readonly value: string }[]
}

export const DECLINE = 'I have no record of that.'

const list = (text: string): readonly string[] => text.trim().split(/\s*[,|]\s*/)

const FIRST =
  list(`Ines, Tom, Mei, Ravi, Anna, Luis, Sara, Igor, Jane, Omar, Eva, Paul, Nina, Hugo, Lena, Marco, Ada, Felix,
  Rosa, Viktor, Clara, Jonas, Emma, Oscar, Daniel, Alice, Peter, Laura, Simon, Helen, Julia, Ruth, David, Nora, Irene`)
const LAST =
  list(`Vidal, Okafor, Tanaka, Nair, Kowal, Prado, Holm, Petrov, Doyle, Lind, Marsh, Weber, Rossi, Novak, Silva,
  Berg, Costa, Fischer, Moreau, Jansen, Keller, Brandt, Larsen, Ortega, Quinn, Reyes, Sato, Turner, Vogel, Walsh, Adler`)
const NAMES =
  list(`Wagtail, Pewter, Bluebell, Hickory, Lapwing, Tamarind, Gannet, Foxglove, Marigold, Peregrine, Chestnut,
  Sorrel, Cormorant, Tansy, Linnet, Bracken, Cypress, Merlin, Barley, Copper, Mulberry, Plover, Teasel, Osprey, Primrose,
  Sycamore, Heather, Starling, Larkspur, Poppy, Cricket, Salmon, Beech, Saddle, Harvest, Compass, Meteor, Summit, Orchard,
  Falkland, Bramley, Curlew, Damson, Elder, Fulmar, Gorse, Harrier, Iceberg, Jonquil, Kelp, Lichen, Magpie, Nightjar,
  Oriole, Pelican, Quince, Redwing, Shearwater, Turnstone, Vetch, Whimbrel, Yew, Aspen, Bittern, Clementine, Dotterel,
  Eider, Fieldfare, Grebe, Hyacinth, Iris, Jasmine, Knot, Lupin, Mallard, Narcissus, Oleander, Petrel, Ruff, Sandpiper`)
const MACHINES =
  list(`press, lathe, pump, mixer, oven, crane, saw, drill, boiler, conveyor, grinder, turbine, welder, dryer,
  scanner, packer`)
const ROLES = list(`night guard, chief engineer, head cook, bookkeeper, crane driver, buyer, designer, safety officer,
  gardener, electrician, translator, quality inspector, sales manager, carpenter, chemist, archivist`)
const PLACES = list(`the east workshop, the west workshop, the north hall, the south hall, the old barn, the cellar,
  the attic, the main yard, the tool room, the paint shop, the boiler house, the loading bay, the test lab, the cold store,
  the tower, the garage`)
const TOWNS =
  list(`Lyon, Oslo, Turin, Bergen, Porto, Ghent, Graz, Cork, Brno, Basel, Dublin, Genoa, Lisbon, Naples, Prague,
  Riga, Seville, Vienna, Warsaw, Zurich`)
const SUPPLIES =
  list(`steel wire, oak boards, copper pipe, glass sheets, brass screws, engine oil, sea salt, red paint, wool,
  cement, work gloves, machine grease, coffee beans, pine logs, batteries, bricks`)
const TASK_THINGS =
  list(`harbour, ladder, rope, ledger, chimney, pallet, valve, seed, window, badge, pipe, crate, fuse, hose, meter, pond,
  paint, desk, bell, bottle, fence, glove, hedge, jacket, lock, map, pillar, rail, sail, tyre, uniform, vault`)
const TASK_ACTS = list(`check, count, test, review, order, inspection, wash, repair`)
const DAYS = list('Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday')
const FIRMS = list('Works, Supply, Trading, Brothers, Limited')

const from = (items: readonly string[]) => (random: Random) => pick(random, items)
const between =
  (low: number, high: number, unit = '') =>
  (random: Random) =>
    `${low + Math.floor(random() * (high - low))}${unit}`
const person = (random: Random): string => `${pick(random, FIRST)} ${pick(random, LAST)}`

const topic = (value: Topic['value'], statement: string, phrasings: string): Topic => ({
  value,
  statement,
  phrasings: list(phrasings),
})

const PERSON = [
  topic(
    from(ROLES),
    '{s} is the {v}.',
    'What is the job of {s}? | Tell me the job of {s}. | Do you know the job of {s}? | Which position does {s} hold? | Do you know which position {s} holds? | I need to know which position {s} holds.',
  ),
  topic(
    between(1000, 9999),
    'The extension of {s} is {v}.',
    'What is the extension of {s}? | Tell me the extension of {s}. | Please give me the extension of {s}. | What is the phone number of {s}? | Please tell me the phone number of {s}. | I need the phone number of {s}.',
  ),
  topic(
    from(TOWNS),
    '{s} lives in {v}.',
    'Where does {s} live? | Do you know where {s} lives? | Tell me where {s} lives. | Which town does {s} live in? | In which town does {s} live? | Do you know which town {s} lives in?',
  ),
]
const MACHINE = [
  topic(
    from(PLACES),
    '{s} stands in {v}.',
    'Where does {s} stand? | Do you know where {s} stands? | Tell me where {s} stands. | Where is {s} kept? | Do you know where {s} is kept? | Can you say where {s} is kept?',
  ),
  topic(
    person,
    '{s} is looked after by {v}.',
    'Who looks after {s}? | Tell me who looks after {s}. | Do you know who looks after {s}? | Who takes care of {s}? | Can you say who takes care of {s}? | I need to know who takes care of {s}.',
  ),
  topic(
    between(10, 60, ' days'),
    '{s} is serviced every {v}.',
    'How often is {s} serviced? | Tell me how often {s} is serviced. | Do you know how often {s} is serviced? | What is the service interval of {s}? | Tell me the service interval of {s}. | I need the service interval of {s}.',
  ),
]
const ROOM = [
  topic(
    between(1000, 9999),
    'The code of {s} is {v}.',
    'What is the door code of {s}? | Tell me the door code of {s}. | I need to know the door code of {s}. | Which code opens {s}? | Do you know which code opens {s}? | Tell me which code opens {s}.',
  ),
  topic(
    person,
    'The key to {s} is with {v}.',
    'Who has the key to {s}? | Tell me who has the key to {s}. | Do you know who has the key to {s}? | Who keeps the key of {s}? | Can you say who keeps the key of {s}? | Do you know who keeps the key of {s}?',
  ),
]
const TASK = [
  topic(
    from(DAYS),
    '{s} is done on {v}.',
    'When is {s} done? | Tell me when {s} is done. | Do you know when {s} is done? | On which day is {s} done? | Tell me on which day {s} is done. | Which day is {s} done?',
  ),
  topic(
    person,
    '{s} is done by {v}.',
    'Who carries out {s}? | Tell me who carries out {s}. | Do you know who carries out {s}? | Who is responsible for {s}? | Tell me who is responsible for {s}. | Can you say who is responsible for {s}?',
  ),
]
const SUPPLIER = [
  topic(
    from(SUPPLIES),
    '{s} delivers {v}.',
    'What does {s} deliver? | Tell me what {s} delivers. | Do you know what {s} delivers? | What do we buy from {s}? | Remind me what we buy from {s}. | Tell me what we buy from {s}.',
  ),
  topic(
    person,
    'Our contact at {s} is {v}.',
    'Who is our contact at {s}? | Please say who our contact at {s} is. | Do you know who our contact at {s} is? | Who do we talk to at {s}? | Tell me who we talk to at {s}. | Do you know who we talk to at {s}?',
  ),
]

type Kind = {
  readonly count: number
  readonly topics: readonly Topic[]
  readonly name: (random: Random, word: string) => string
}

const KINDS: readonly Kind[] = [
  { count: 7, topics: PERSON, name: person },
  { count: 8, topics: MACHINE, name: (random, word) => `the ${word} ${pick(random, MACHINES)}` },
  { count: 5, topics: ROOM, name: (_, word) => `the ${word} room` },
  { count: 5, topics: TASK, name: (random) => `the ${pick(random, TASK_THINGS)} ${pick(random, TASK_ACTS)}` },
  { count: 5, topics: SUPPLIER, name: (random, word) => `${word} ${pick(random, FIRMS)}` },
]

/** The subjects of a made-up company, and `absentCount` others that it does not have, each under a name of its own. */
export function subjects(
  random: Random,
  absentCount: number,
): { readonly name: string; readonly present: readonly Subject[]; readonly absent: readonly Subject[] } {
  const taken = new Set<string>()
  const make = (...kinds: readonly Kind[]): Subject => {
    // Far more names can be made than are taken, so a fresh one comes soon.
    for (let tries = 0; tries < 1000; tries++) {
      const kind = pick(random, kinds)
      const name = kind.name(random, pick(random, NAMES))
      if (taken.has(name)) continue
      taken.add(name)
      return { name, facts: kind.topics.map((t) => ({ topic: t, value: t.value(random) })) }
    }
    throw new Error('no name is left for another subject')
  }
  const present = KINDS.flatMap((kind) => Array.from({ length: kind.count }, () => make(kind)))
  const absent = Array.from({ length: absentCount }, () => make(...KINDS))
  return { name: `${pick(random, LAST)} and ${pick(random, LAST)}`, present, absent }
}
