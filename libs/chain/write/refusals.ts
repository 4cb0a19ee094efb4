import { errorsOf } from '@allod/protocol'

/** Market's refusals: its errors by their names without the prefix. */
const market = errorsOf('market', {
  'wrong-state': ['the order is not in the state this needs', 'look at it: npx allod order get'],
  'order-exists': ['the very same order was placed before', 'place it again; a new salt makes it another order'],
  paused: ['new orders and starts are paused', 'wait: a pause ends by itself'],
  'not-pauser': ['only the pauser may pause', 'use its key'],
  'pause-too-soon': ['a pause cannot follow upon another', 'wait until the time in the details'],
  'bad-job': ['the kind of job is none the market knows', 'ask for finetune, serve or run'],
  'bad-offer-count': ['an order needs one to seven offers', 'combine fewer offers'],
  'length-mismatch': [
    'two lists that belong together differ in length',
    'give one signature per offer, one mask per order',
  ],
  'bad-kind': ['an offer is of a kind that does not fit its place', 'put compute first, objects and engines after it'],
  'wrong-token': ['an offer asks for another currency than the market’s', 'choose another offer: npx allod offer list'],
  'offer-expired': ['an offer has expired', 'choose another offer: npx allod offer list'],
  'offer-revoked': ['an offer was revoked by its owner', 'choose another offer: npx allod offer list'],
  'wrong-epoch': [
    'an offer was voided with all its owner’s older offers',
    'choose another offer: npx allod offer list',
  ],
  'term-out-of-range': ['the term is outside what an offer allows', 'choose a term within every offer’s limits'],
  'wrong-committee': ['an object is held by another committee than the order’s', 'use objects sealed to one committee'],
  'unknown-committee': ['the order’s committee is not registered', 'register it, or name the one the objects name'],
  'bad-offer-signature': ['an offer is not signed by its owner', 'fetch the offer again'],
  'not-object-owner': ['an offer is not by the owner of its object', 'refuse the offer'],
  'object-not-live': ['an object was halted or retired by its owner', 'choose another object'],
  'object-is-live': ['the object is neither halted nor retired', 'end the order instead'],
  'too-many-lanes': ['the order would pay more than eight payees', 'use fewer offers, or objects with fewer ancestors'],
  'escrow-over-max': ['the order costs more than you agreed to', 'raise --max-price, or choose cheaper offers'],
  'insufficient-balance': [
    'the account has too little money in the market',
    'put more into the wallet: an order deposits what it lacks',
  ],
  'not-provider': ['only the order’s provider, or its registered key, may do this', 'use the provider’s key'],
  'not-buyer': ['only the order’s buyer may do this', 'use the buyer’s key'],
  'not-party': ['only buyer or provider may end an order before its term', 'wait for the end of its term'],
  'too-late': ['a deadline has passed', 'see the time in the details'],
  'too-early': ['it is too early for this', 'wait until the time in the details'],
  'no-capacity': [
    'an offer runs as many orders as it allows at once',
    'wait for one to end, or choose another offer: npx allod offer list',
  ],
  'no-runs-left': ['an offer has been used as often as it allows', 'choose another offer: npx allod offer list'],
  'too-few-votes': ['fewer keepers signed than the committee asks for', 'check that enough keepers are up'],
  'bad-vote': ['a vote is not by a member of the committee, or not in order', 'leave it out; sort votes by signer'],
  'zero-enclave': ['no enclave is named', 'name the enclave’s address'],
  'wrong-enclave': ['the signature is not by the enclave on record', 'let the recorded enclave sign'],
  'wrong-generation': ['the message is of another generation of the order', 'use the present generation'],
  'bad-interval': ['the time to attest is empty or lies in the future', 'attest time that has passed'],
  'nothing-new': ['this time was attested before', 'nothing is left to do'],
  'already-reported': ['the order was reported before', 'nothing is left to do'],
  'already-failed': ['the order failed; it cannot be reported any more', 'place a new order'],
  'bad-input': ['the input is none of the order’s offers', 'name the index of an offer, or 255 for none'],
  'wrong-offer': ['the offer is not the one the order names', 'give the order’s own offers, in their order'],
  'build-not-approved': ['the build is not approved, or was revoked', 'use an approved build'],
  'fee-on-transfer': ['the token did not arrive in full', 'use a market whose token takes no fees'],
  'amount-too-large': ['the amount is more than an order can hold', 'make it several orders'],
  'transfer-from-failed': [
    'the market could not take the tokens',
    'approve the market for the amount, and hold at least that much',
  ],
  'transfer-failed': ['the token refused to be sent there', 'withdraw to another address'],
})

const assets = errorsOf('assets', {
  'bad-header': ['an object’s header is not 128 bytes long', 'take the header from the manifest'],
  exists: ['the object is registered already', 'nothing is left to do'],
  'not-owner': ['only the object’s owner may do this', 'use the owner’s key'],
  'royalties-too-high': ['royalties would exceed half of the price', 'ask for less, or use other parents'],
  'too-many-ancestors': ['an object can owe royalties to four ancestors at most', 'use inputs with a shorter lineage'],
  'too-many-parents': ['an object can name eight parents at most', 'use fewer inputs'],
  'lineage-not-reported': [
    'the order’s report says something else about this object',
    'register it exactly as it was reported',
  ],
  'unknown-market': ['the market’s reports do not count here, or not yet', 'use a market that was announced'],
  'known-market': ['the market was announced before', 'nothing is left to do'],
  'wrong-standing': ['the object is not in the standing this needs', 'halt what is live, resume what is halted'],
  'not-curator': ['only the curator may do this', 'use the curator’s key'],
})

const catalog = errorsOf('catalog', {
  'not-owner': ['an offer is posted by its owner only', 'use the owner’s key'],
  'too-long': ['a text is longer than its bound', 'shorten it'],
})

const registry = errorsOf('registry', {
  'too-long': ['a text or list is longer than its bound', 'shorten it'],
  'bad-key': ['an X-Wing public key is not 1,216 bytes long', 'take it from the keeper’s evidence'],
  'zero-address': ['an address is missing', 'name the keeper’s signer and payee'],
  'keeper-exists': ['the keeper is registered already', 'renew it instead'],
  'unknown-keeper': ['the keeper is not registered', 'register it first'],
  'not-account': ['only the account that registered the keeper may do this', 'use its key'],
  'bad-seat-signature': [
    'the keeper did not sign for this account and payee',
    'ask the keeper for its seat again, for the account that registers it',
  ],
  'committee-exists': ['the committee is registered already', 'nothing is left to do'],
  'unknown-committee': ['the committee is not registered', 'register it first'],
  'bad-threshold': ['a committee needs 1 <= t <= n <= 16', 'choose another threshold'],
  'not-ascending': ['members are not sorted by id, each once', 'sort them'],
  'shared-signer': ['two members vote with one key', 'leave one of them out'],
})

const trust = errorsOf('trust', {
  'not-curator': ['only the curator may do this', 'use the curator’s key'],
  known: ['the measurement was announced before', 'nothing is left to do'],
  unknown: ['nobody announced this', 'check the hash'],
  revoked: ['the build was revoked, which is final', 'announce another build'],
  'zero-build': ['no build is named', 'name the build’s digest'],
  'too-long': ['a text is longer than its bound', 'shorten it'],
})

/** The refusals of every contract, by its name. */
export const refusals = { assets, catalog, market, registry, trust } as const
