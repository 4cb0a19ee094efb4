import { errorsOf } from '@allod/protocol'

/** What a keeper's decision log can be found to be. */
export const fail = errorsOf('log', {
  'no-entries': ['there is no entry of a decision log in what was given', 'name a keeper’s decisions.ndjson'],
  'unknown-keeper': [
    'neither the network nor the chain knows the keeper that entries name',
    'use the description of the network it belongs to',
  ],
  'bad-signature': ['an entry is not signed by the keeper it names', 'do not rely on it; it counts for nothing here'],
  'number-reused': [
    'a keeper signed two different entries under one number',
    'keep both copies: they prove that the keeper lied',
  ],
  'chain-broken': [
    'an entry names another one before it than its number says',
    'do not rely on this keeper: no keeper of a release signs that',
  ],
  'entry-missing': [
    'the entry before one is missing',
    'ask for another copy; an entry that never reached the disk had nothing released for it',
  ],
  'boot-missing': ['a boot goes on from an entry that nobody gave', 'ask for the log’s earlier part, or another copy'],
  'boot-unlinked': [
    'a boot names none before it, though the keeper had run before',
    'ask its operator why: the keeper was given no log, or is of an older release',
  ],
  forked: [
    'two entries go on from the same one',
    'keep both: the keeper was given an older end of its log, or ran twice at once, or lost an entry in a crash',
  ],
})
