import { attribute, company, form, type Kind, number, oneOf, person } from './attribute.ts'
import * as words from './words.ts'

/** What a company has inside its walls: people, machines, procedures. */
export const INSIDE_KINDS: readonly Kind[] = [
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
        '{e} is looked after by {v}. | {v} looks after {e}. | {v} is responsible for {e}.',
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
        '{e} is done by {v}. | {v} does {e}. | {v} is responsible for {e}.',
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
]
