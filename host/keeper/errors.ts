import { errorsOf } from '@allod/protocol'

/** Errors of the host's side of a keeper. */
export const fail = errorsOf('keeper-host', {
  'bad-option': ['an option of the keeper’s host cannot be used', 'see the usage'],
  'bad-entry': ['the keeper sent a log entry of no known form', 'check that host and keeper are of one release'],
  'log-stopped': [
    'the decision log could not be written',
    'free space on the disk; the keeper grants nothing meanwhile',
  ],
  'not-ready': ['the keeper did not answer after its launch', 'see the reason; its configuration or chip may be wrong'],
})
