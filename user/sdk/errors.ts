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
  'folder-too-large': [
    'a folder is too large to be checked on this device',
    'leave out what is not needed, or split it',
  ],
  'not-your-policy': [
    'a policy names another owner than the wallet that seals',
    'make the policy for this wallet, or act with the owner’s',
  ],
  'engines-unnamed': [
    'a policy for any buyer does not say which engines may read the object',
    'name their digests, or say `any`: a buyer may then bring an engine that tells everything it reads',
  ],
  'bad-dataset': ['rows of the dataset cannot be used', 'correct the rows listed, or remove them'],
  'too-few-stores': [
    'fewer stores than needed hold what was sent',
    'check with `npx allod doctor` that the stores are up',
  ],
  'unknown-offer': ['there is no such offer', 'list them with `npx allod offer list --all`'],
  'ambiguous-offer': ['several offers go by this name', 'name one by the beginning of its hash'],
  'offer-not-open': [
    'an offer cannot be ordered now',
    'choose another one with `npx allod offer list`, or wait until a running order ends',
  ],
  'bad-term': ['an offer is not rented out for this long', 'choose a term within its limits'],
  'wrong-token': ['an offer asks for another token than the network’s', 'choose an offer of this network'],
  'not-the-owner': [
    'an input without an offer does not belong to the buyer',
    'rent it under its owner’s offer, or seal your own',
  ],
  'nothing-sealed': [
    'nothing that goes in is sealed, so that no policy says who may have the result',
    'seal an input of your own, or rent a sealed one',
  ],
  'not-its-maker': [
    'a derived object’s manifest is not signed by the enclave that made it',
    'refuse it: ask its owner for the manifest that its report names',
  ],
  unreachable: ['the other side does not answer', 'check that it is up with `npx allod doctor`; nothing was lost'],
  'bad-answer': ['the other side sent something of no known form', 'check that both sides run the same release'],
  'gateway-unreachable': ['the gateway does not answer', 'check the network description’s gateway, and try again'],
  'agent-refused': [
    'an agent does not prove what it must',
    'do not talk to it; see which checks failed with `npx allod verify`',
  ],
  'verdict-expired': ['what was verified about an agent is too old', 'verify it again'],
  'agent-silent': ['the agent stopped answering', 'ask again; see with `npx allod order get` whether its order runs'],
  'agent-error': ['the agent refused the request', 'see its reason'],
  'bad-receipt': ['an answer’s receipt does not hold', 'do not rely on this answer; verify the agent again'],
  'follow-timeout': [
    'nothing happened for longer than the limit',
    'follow the order again with `npx allod order watch`',
  ],
  'not-the-buyer': [
    'a quote was made for another buyer than the wallet that orders',
    'ask for a quote for this wallet',
  ],
  'quote-outdated': [
    'prices changed between quote and order',
    'ask for the quote again; what was locked is back in the wallet’s balance, or where its end failed comes by `npx allod order cancel`',
  ],
  'no-endpoint': ['a provider registered no address to reach it at', 'choose another provider’s offer'],
  'bad-recipient': ['money sent to this address would be lost', 'name a wallet’s address; leave it out for your own'],
  'too-little-money': ['the wallet has too little money', 'send it more, or order a shorter term'],
  'not-running': ['the order does not run', 'a term is lengthened between start and end: see `npx allod order get`'],
  'transaction-pending': [
    'a transaction of the buyer’s is in no block yet',
    'give the command again once it is: it may have done the same already',
  ],
  'still-running': ['the order is not over', 'wait for its end, or end it with `npx allod order cancel`'],
  'not-settled': ['the order is not settled yet', 'claim again later with `npx allod earnings claim`'],
  'not-reported': ['the order has no report yet', 'follow it with `npx allod order watch`'],
  'report-not-recorded': [
    'the provider’s report is not the one on chain',
    'refuse it: ask another source for the report whose hash the chain holds',
  ],
  'export-forbidden': [
    'the policies do not let this result out of the enclave',
    'serve it with `npx allod deploy` instead, or ask the owners named for an object under a wider policy',
  ],
  'not-released': ['too few keepers released their shares', 'see each keeper’s reason; try again when more are up'],
  'not-sealed': ['an input is not sealed yet', 'seal it, then ask for the quote again'],
  'not-allowed': ['the inputs’ policies do not allow this order', 'see which clause refuses, and change that choice'],
  'over-max-price': ['the order costs more than the limit given', 'raise --max-price, or order a shorter term'],
  'unknown-order': ['this device knows no such order', 'list them with `npx allod order list`'],
  'unknown-agent': [
    'this device knows no agent of this name',
    'list them with `npx allod agent list`, or give its card’s file',
  ],
  'ambiguous-order': ['several orders begin like this', 'give more digits of the order’s id'],
  'no-network': ['there is no network description', 'start a network with `npx allod up`, or name one with --network'],
  'file-unreadable': ['a file cannot be read', 'check that it exists, is JSON and may be read'],
  'file-unwritable': ['a file cannot be written', 'check the folder, its permissions and the space left'],
  'folder-not-empty': [
    'a folder to write into has something in it already',
    'name one that is empty or does not exist; nothing is replaced',
  ],
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
  'empty-password': ['a keystore without a password protects nothing', 'choose a password for it'],
  'wrong-password': ['the password does not open this keystore', 'try again, or set ALLOD_PASSWORD_FILE'],
})
