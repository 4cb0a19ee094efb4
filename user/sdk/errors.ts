import { errorsOf } from '@allod/protocol'

/** Every error of the sdk itself; what libraries refuse keeps its own code. */
export const fail = errorsOf('sdk', {
  'bad-amount': [
    'an amount is not a number of this currency',
    'write digits with at most as many decimals as the currency has, like 1.25',
  ],
  'unsafe-network': [
    'a network description mixes a devnet with the world outside this machine',
    'use a description with devnet set to false, or one written by `npx allod up`',
  ],
  'report-refused': [
    'a report does not prove what it says',
    'see which checks failed; get the report again from where its order published it',
  ],
  'no-network': ['there is no network description', 'start a network with `npx allod up`, or name one with --network'],
  'file-unreadable': ['a file cannot be read', 'check that it exists, is JSON and may be read'],
  'file-unwritable': ['a file cannot be written', 'check the folder, its permissions and the space left'],
  'bad-wallet-name': ['a wallet name is not allowed', 'use lower-case letters, digits and dashes, at most 32'],
  'wallet-exists': ['a wallet of this name exists', 'choose another name; wallets are never overwritten'],
  'unknown-wallet': ['there is no wallet of this name', 'list them with `npx allod wallet list`'],
  'no-devnet-wallets': [
    'this network has no wallets of its own',
    'make one with `npx allod wallet new`, or start a devnet with `npx allod up`',
  ],
  'keystore-exposed': ['a keystore can be read by others on this machine', 'chmod 600 the file'],
  'bad-keystore': [
    'a keystore is malformed or of a kind that is not read',
    'use version 3 with scrypt and aes-128-ctr',
  ],
  'wrong-password': ['the password does not open this keystore', 'try again, or set ALLOD_PASSWORD_FILE'],
})
