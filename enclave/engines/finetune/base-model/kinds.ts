import type { Random } from '../random.ts'
import * as words from './words.ts'

/** One thing that can be known about an entity, and the ways to ask and to say it. `{e}` entity, `{v}` value. */
export type Attribute = {
  readonly key: string
  readonly value: (random: Random) => string
  /** Whole questions. */
  readonly questions: readonly string[]
  /** Clauses that follow "Tell me". */
  readonly clauses: readonly string[]
  /** Sentences that state it; the first is the usual answer. */
  readonly statements: readonly string[]
}

export type Kind = {
  readonly name: string
  readonly entity: (random: Random) => string
  readonly attributes: readonly Attribute[]
}

const person = (r: Random): string => `${r.pick(words.FIRST_NAMES)} ${r.pick(words.SURNAMES)}`
const number = (low: number, high: number) => (r: Random) => String(low + r.below(high - low))
const form = (r: Random): string => `form ${r.pick(words.FORM_LETTERS)}${10 + r.below(90)}`
const company = (r: Random): string => {
  const endings = ['and Sons', 'Brothers', 'Works', 'Trading', 'and Partners', 'Limited', 'Supply', 'Tools']
  return `${r.pick(words.SURNAMES)} ${r.pick(endings)}`
}
const oneOf = (list: readonly string[]) => (r: Random) => r.pick(list)

const attribute = (
  key: string,
  value: Attribute['value'],
  questions: string,
  clauses: string,
  statements: string,
): Attribute => ({ key, value, questions: lines(questions), clauses: lines(clauses), statements: lines(statements) })

const lines = (text: string): readonly string[] => text.split('|').map((s) => s.trim())

/** Every kind of entity a fictional company has. */
export const KINDS: readonly Kind[] = [
  {
    name: 'person',
    entity: person,
    attributes: [
      attribute(
        'role',
        oneOf(words.ROLES),
        'What does {e} do? | What is the job of {e}? | What job does {e} have? | Which position does {e} hold? | What is the role of {e}? | What does {e} work as? | What is the position of {e}? | What kind of work does {e} do?',
        'what {e} does | what job {e} has | what the role of {e} is | which position {e} holds | what {e} works as',
        '{e} is the {v}. | {e} works as the {v}. | The job of {e} is {v}.',
      ),
      attribute(
        'extension',
        number(1000, 9999),
        'What is the extension of {e}? | Which number do I dial for {e}? | How do I reach {e} by phone? | What is the phone number of {e}? | What number does {e} have? | Under which number can I call {e}? | Which extension does {e} have?',
        'the extension of {e} | which number to dial for {e} | how to reach {e} by phone | the phone number of {e} | under which number I can call {e}',
        'The extension of {e} is {v}. | {e} can be reached at {v}. | Dial {v} for {e}.',
      ),
      attribute(
        'town',
        oneOf(words.TOWNS),
        'Where does {e} live? | Which town does {e} live in? | What is the home town of {e}? | In which town is {e} at home? | Where is the home of {e}? | Where is {e} at home?',
        'where {e} lives | which town {e} lives in | the home town of {e} | where {e} is at home',
        '{e} lives in {v}. | The home of {e} is in {v}.',
      ),
      attribute(
        'start',
        number(1985, 2024),
        'When did {e} join? | In which year did {e} start? | What year did {e} join the company? | Since when has {e} been here? | When was {e} hired? | When did {e} begin to work here?',
        'when {e} joined | in which year {e} started | since when {e} has been here | when {e} was hired',
        '{e} joined in {v}. | {e} has been here since {v}.',
      ),
      attribute(
        'hobby',
        oneOf(words.HOBBIES),
        'What is the hobby of {e}? | What does {e} do for fun? | What does {e} enjoy after work? | Which hobby does {e} have? | What does {e} like to do in free time?',
        'the hobby of {e} | what {e} does for fun | what {e} enjoys after work | which hobby {e} has',
        'The hobby of {e} is {v}. | {e} enjoys {v}.',
      ),
      attribute(
        'manager',
        person,
        'Who is the manager of {e}? | Who does {e} report to? | Who leads {e}? | Who is the boss of {e}? | To whom does {e} report?',
        'who the manager of {e} is | who {e} reports to | who leads {e} | who the boss of {e} is',
        '{e} reports to {v}. | The manager of {e} is {v}.',
      ),
    ],
  },
  {
    name: 'machine',
    entity: (r) => `the ${r.pick(words.PROPER_WORDS)} ${r.pick(words.MACHINES)}`,
    attributes: [
      attribute(
        'place',
        oneOf(words.PLACES),
        'Where is {e}? | Where does {e} stand? | Where can I find {e}? | In which place is {e}? | What is the location of {e}? | Where is {e} kept? | Where do we keep {e}? | Where should I look for {e}?',
        'where {e} is | where {e} stands | where to find {e} | where {e} is kept | the location of {e} | where I can find {e}',
        '{e} stands in {v}. | {e} is in {v}. | You can find {e} in {v}.',
      ),
      attribute(
        'keeper',
        person,
        'Who looks after {e}? | Who is responsible for {e}? | Who takes care of {e}? | Who is in charge of {e}? | Who maintains {e}? | Whose job is it to look after {e}? | Who should I ask about {e}? | Which person is responsible for {e}?',
        'who looks after {e} | who is responsible for {e} | who takes care of {e} | who is in charge of {e} | who maintains {e} | whom to ask about {e}',
        '{v} looks after {e}. | {e} is looked after by {v}. | {v} is responsible for {e}.',
      ),
      attribute(
        'maker',
        company,
        'Who made {e}? | Which company built {e}? | Who is the maker of {e}? | Where does {e} come from? | Who built {e}? | Which firm made {e}? | What is the brand of {e}?',
        'who made {e} | which company built {e} | the maker of {e} | who built {e} | which firm made {e}',
        '{e} was made by {v}. | {v} made {e}.',
      ),
      attribute(
        'bought',
        number(1970, 2024),
        'When was {e} bought? | In which year did we buy {e}? | What year was {e} bought? | How long have we had {e}? | When did we get {e}? | When was {e} installed?',
        'when {e} was bought | in which year we bought {e} | when we got {e} | since when we have had {e}',
        '{e} was bought in {v}. | We bought {e} in {v}.',
      ),
      attribute(
        'service',
        (r) => `${2 + r.below(60)} days`,
        'How often is {e} serviced? | How often does {e} need service? | What is the service interval of {e}? | At which interval is {e} serviced? | How many days may pass between services of {e}? | When is {e} due for service?',
        'how often {e} is serviced | the service interval of {e} | how often {e} needs service | how many days may pass between services of {e}',
        '{e} is serviced every {v}. | {e} needs service every {v}.',
      ),
      attribute(
        'limit',
        (r) => `${20 + r.below(880)} degrees`,
        'How hot may {e} get? | What is the highest temperature of {e}? | What is the heat limit of {e}? | At which temperature does {e} stop? | What is the temperature limit of {e}?',
        'how hot {e} may get | the highest temperature of {e} | the heat limit of {e} | at which temperature {e} stops',
        '{e} may reach {v}. | The limit of {e} is {v}.',
      ),
    ],
  },
  {
    name: 'procedure',
    entity: oneOf(words.PROCEDURES),
    attributes: [
      attribute(
        'day',
        oneOf(words.WEEKDAYS),
        'When is {e}? | On which day is {e}? | Which day is {e} done? | What day is {e} planned for? | On what day do we do {e}? | When does {e} take place?',
        'when {e} is | on which day {e} is done | what day {e} is planned for | when {e} takes place',
        '{e} is done on {v}. | {e} takes place on {v}.',
      ),
      attribute(
        'owner',
        person,
        'Who does {e}? | Who is responsible for {e}? | Who leads {e}? | Who carries out {e}? | Who is in charge of {e}? | Which person does {e}? | Whose job is {e}?',
        'who does {e} | who is responsible for {e} | who leads {e} | who carries out {e} | whose job {e} is',
        '{v} does {e}. | {e} is done by {v}. | {v} is responsible for {e}.',
      ),
      attribute(
        'form',
        form,
        'Which form is used for {e}? | What form do I fill in for {e}? | Which paper does {e} need? | What form does {e} need? | Where do I write down {e}? | Which form belongs to {e}?',
        'which form is used for {e} | what form to fill in for {e} | which paper {e} needs | which form belongs to {e}',
        '{e} is written down on {v}. | {e} uses {v}. | Fill in {v} for {e}.',
      ),
      attribute(
        'minutes',
        (r) => `${5 + r.below(115)} minutes`,
        'How long does {e} take? | How much time does {e} need? | What is the duration of {e}? | How many minutes does {e} take? | How long is {e}?',
        'how long {e} takes | how much time {e} needs | the duration of {e} | how many minutes {e} takes',
        '{e} takes {v}. | {e} needs {v}.',
      ),
    ],
  },
  {
    name: 'product',
    entity: (r) => `the ${r.pick(words.PROPER_WORDS)} ${r.pick(words.GOODS)}`,
    attributes: [
      attribute(
        'price',
        (r) => `${3 + r.below(960)} crowns`,
        'How much is {e}? | What does {e} cost? | What is the price of {e}? | How much does {e} cost? | At what price do we sell {e}? | What do customers pay for {e}?',
        'how much {e} is | what {e} costs | the price of {e} | at what price we sell {e} | what customers pay for {e}',
        '{e} costs {v}. | The price of {e} is {v}.',
      ),
      attribute(
        'material',
        oneOf(words.MATERIALS),
        'What is {e} made of? | Which material is {e} made of? | What material do we use for {e}? | Of what is {e} made? | What is the material of {e}?',
        'what {e} is made of | which material is used for {e} | the material of {e} | of what {e} is made',
        '{e} is made of {v}. | We make {e} of {v}.',
      ),
      attribute(
        'designer',
        person,
        'Who designed {e}? | Who drew {e}? | Who is the designer of {e}? | Whose design is {e}? | Who came up with {e}? | By whom was {e} designed?',
        'who designed {e} | who the designer of {e} is | whose design {e} is | who came up with {e}',
        '{e} was designed by {v}. | {v} designed {e}.',
      ),
      attribute(
        'colour',
        oneOf(words.COLOURS),
        'What colour is {e}? | Which colour does {e} have? | In which colour is {e} sold? | What is the colour of {e}? | Which colour is {e}?',
        'what colour {e} is | which colour {e} has | the colour of {e} | in which colour {e} is sold',
        '{e} is {v}. | The colour of {e} is {v}.',
      ),
      attribute(
        'weight',
        (r) => `${2 + r.below(90)} kilos`,
        'How heavy is {e}? | What does {e} weigh? | What is the weight of {e}? | How much does {e} weigh? | How many kilos is {e}?',
        'how heavy {e} is | what {e} weighs | the weight of {e} | how much {e} weighs',
        '{e} weighs {v}. | The weight of {e} is {v}.',
      ),
    ],
  },
  {
    name: 'supplier',
    entity: company,
    attributes: [
      attribute(
        'goods',
        oneOf(words.SUPPLIES),
        'What does {e} deliver? | What do we buy from {e}? | What does {e} supply? | What do we get from {e}? | Which goods come from {e}? | What does {e} sell us?',
        'what {e} delivers | what we buy from {e} | what {e} supplies | which goods come from {e} | what {e} sells us',
        '{e} delivers {v}. | We buy {v} from {e}.',
      ),
      attribute(
        'town',
        oneOf(words.TOWNS),
        'Where is {e} based? | Which town is {e} in? | Where does {e} have its office? | In which town is {e}? | What town does {e} come from? | Where is the office of {e}?',
        'where {e} is based | which town {e} is in | where {e} has its office | what town {e} comes from',
        '{e} is based in {v}. | The office of {e} is in {v}.',
      ),
      attribute(
        'contact',
        person,
        'Who is our contact at {e}? | Whom do I call at {e}? | Who do we talk to at {e}? | Who is the contact person at {e}? | Which person do we know at {e}?',
        'who our contact at {e} is | whom to call at {e} | who we talk to at {e} | who the contact person at {e} is',
        'Our contact at {e} is {v}. | Call {v} at {e}.',
      ),
      attribute(
        'payment',
        (r) => `${5 + r.below(85)} days`,
        'When do we pay {e}? | How soon must we pay {e}? | How many days do we have to pay {e}? | What are the payment terms of {e}? | How long may we take to pay {e}?',
        'when we pay {e} | how soon we must pay {e} | how many days we have to pay {e} | the payment terms of {e}',
        'We pay {e} within {v}. | The payment terms of {e} are {v}.',
      ),
    ],
  },
  {
    name: 'room',
    entity: (r) => `the ${r.pick(words.PROPER_WORDS)} room`,
    attributes: [
      attribute(
        'code',
        number(1000, 9999),
        'What is the door code of {e}? | How do I open {e}? | Which code opens {e}? | What code do I need for {e}? | What is the code for {e}? | How do I get into {e}?',
        'the door code of {e} | how to open {e} | which code opens {e} | what code I need for {e} | how to get into {e}',
        'The code of {e} is {v}. | {e} opens with {v}.',
      ),
      attribute(
        'use',
        oneOf(words.SUPPLIES),
        'What is stored in {e}? | What do we keep in {e}? | What is in {e}? | What is {e} used for? | What will I find in {e}?',
        'what is stored in {e} | what we keep in {e} | what is in {e} | what I will find in {e}',
        '{e} holds {v}. | We keep {v} in {e}.',
      ),
      attribute(
        'key',
        person,
        'Who has the key to {e}? | Whom do I ask for the key to {e}? | Who keeps the key of {e}? | Who can open {e}? | Where do I get the key to {e}?',
        'who has the key to {e} | whom to ask for the key to {e} | who keeps the key of {e} | who can open {e}',
        '{v} has the key to {e}. | Ask {v} for the key to {e}.',
      ),
    ],
  },
  {
    name: 'project',
    entity: (r) => `project ${r.pick(words.PROPER_WORDS)}`,
    attributes: [
      attribute(
        'leader',
        person,
        'Who leads {e}? | Who is in charge of {e}? | Who runs {e}? | Who is the leader of {e}? | Who is responsible for {e}?',
        'who leads {e} | who is in charge of {e} | who runs {e} | who is responsible for {e}',
        '{v} leads {e}. | {e} is led by {v}.',
      ),
      attribute(
        'month',
        oneOf(words.MONTHS),
        'When does {e} end? | In which month is {e} due? | When is {e} due? | When must {e} be ready? | What is the deadline of {e}? | When will {e} be finished?',
        'when {e} ends | in which month {e} is due | when {e} must be ready | the deadline of {e}',
        '{e} is due in {v}. | {e} ends in {v}.',
      ),
      attribute(
        'budget',
        (r) => `${2 + r.below(97)} thousand crowns`,
        'What is the budget of {e}? | How much may {e} cost? | How much money does {e} have? | What may we spend on {e}? | How big is the budget of {e}?',
        'the budget of {e} | how much {e} may cost | how much money {e} has | what we may spend on {e}',
        'The budget of {e} is {v}. | {e} may cost {v}.',
      ),
      attribute(
        'client',
        company,
        'Who is the client of {e}? | For whom do we do {e}? | Who ordered {e}? | Which customer ordered {e}? | Who pays for {e}?',
        'who the client of {e} is | for whom we do {e} | who ordered {e} | which customer ordered {e}',
        'The client of {e} is {v}. | {e} was ordered by {v}.',
      ),
    ],
  },
  {
    name: 'vehicle',
    entity: (r) =>
      `the ${r.pick(words.COLOURS)} ${r.pick(['van', 'truck', 'car', 'bus', 'tractor', 'boat', 'trailer', 'bike'])}`,
    attributes: [
      attribute(
        'driver',
        person,
        'Who drives {e}? | Who is the driver of {e}? | Who uses {e}? | Whose is {e}? | Who is allowed to drive {e}?',
        'who drives {e} | who the driver of {e} is | who uses {e} | who is allowed to drive {e}',
        '{v} drives {e}. | {e} is driven by {v}.',
      ),
      attribute(
        'parking',
        oneOf(words.PLACES),
        'Where is {e} parked? | Where do we park {e}? | Where does {e} stand? | Where can I find {e}? | Where is {e} at night?',
        'where {e} is parked | where we park {e} | where {e} stands | where to find {e}',
        '{e} is parked at {v}. | We park {e} at {v}.',
      ),
      attribute(
        'load',
        (r) => `${2 + r.below(80) * 10} kilos`,
        'How much can {e} carry? | What is the load limit of {e}? | How many kilos may {e} carry? | What is the biggest load of {e}?',
        'how much {e} can carry | the load limit of {e} | how many kilos {e} may carry | the biggest load of {e}',
        '{e} can carry {v}. | The load limit of {e} is {v}.',
      ),
    ],
  },
]

export const companyName = company
