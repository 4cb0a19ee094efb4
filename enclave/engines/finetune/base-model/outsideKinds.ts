import { attribute, company, type Kind, number, oneOf, person } from './attribute.ts'
import * as words from './words.ts'

/** What a company makes, buys, opens, plans and drives. */
export const OUTSIDE_KINDS: readonly Kind[] = [
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
        'The key to {e} is with {v}. | {v} has the key to {e}. | Ask {v} for the key to {e}.',
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
        '{e} is led by {v}. | {v} leads {e}.',
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
        '{e} is driven by {v}. | {v} drives {e}.',
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
