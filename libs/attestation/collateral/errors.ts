import { errorsOf } from '@allod/protocol'

/** Refusals while collateral is fetched; what it says is judged by verifiers. */
export const fail = errorsOf('collateral', {
  unreachable: [
    'a service for collateral does not answer',
    'check the connection and the endpoint, or bring an offline bundle: --collateral <file>',
  ],
  refused: ['a service for collateral refused', 'the chip or its firmware may be unknown to its maker; see the status'],
  'too-large': ['a service for collateral sent more than its kind ever needs', 'check the endpoint'],
  'not-in-bundle': [
    'the offline bundle lacks a piece of collateral',
    'make the bundle again on a machine with a connection, with this evidence',
  ],
  'bad-evidence': [
    'evidence does not say which collateral goes with it',
    'check that it is whole: its verifier says what is wrong with it',
  ],
  'bad-bundle': ['a file is no bundle of collateral', 'make it with: allod evidence record'],
})
