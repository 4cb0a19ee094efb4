import { errorsOf } from '@allod/protocol'

/** Every error of the command line itself. */
export const fail = errorsOf('cli', {
  'unknown-command': ['there is no such command', 'see `npx allod --help`'],
  'bad-usage': ['the command was not called the way it works', 'see `npx allod <command> --help`'],
  'no-password': [
    'a wallet needs its password and there is nobody to ask',
    'set ALLOD_PASSWORD_FILE or ALLOD_PASSWORD, or run in a terminal',
  ],
  'passwords-differ': ['the password was typed differently the second time', 'run this again; nothing was made'],
  'not-confirmed': ['nothing was done', 'add --yes to go on without being asked'],
  'no-wallet': ['no wallet was chosen', 'choose one with --as <name>, or `npx allod config set wallet <name>`'],
  'bad-config': [
    'the configuration is malformed',
    'delete the file, or set its values again with `npx allod config set`',
  ],
  'bad-policy': [
    'a file is no evidence policy',
    'see docs/reference/policy.md, or print one with `npx allod evidence policy --json`',
  ],
  'no-devnet-program': ['the devnet’s program is not here', 'run this from a clone of the project'],
  'devnet-failed': ['the devnet’s program failed', 'see what it said above'],
  'child-failed': ['a program could not be started', 'see the cause'],
  'too-few-holders': [
    'fewer than two stores hold the object',
    'see each store’s reason; run this again when more are up',
  ],
  'no-offer': ['no open offer fits', 'see `npx allod offer list`, or choose a shorter term'],
  'order-failed': ['the order did not reach its end', 'see `npx allod order get` for what was refunded'],
  'order-under-way': [
    'an order of this name is under way already',
    'go on with it by `npx allod deploy <order>`, or end it with `npx allod order cancel`',
  ],
  'evidence-refused': ['evidence does not hold', 'do not rely on it; see which checks failed'],
  'doctor-failed': ['something is not as it should be', 'see the checks above; each names its fix'],
  interrupted: ['interrupted', 'run the command again; finished parts are kept'],
})
