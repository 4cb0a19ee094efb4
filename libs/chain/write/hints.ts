/** A contract's refusals in words: error name → [what happened, what to do]. */
export const hints: Readonly<Record<string, readonly [string, string]>> = {
  Market_WrongState: ['the order is not in the state this needs', 'look at it: npx allod order get'],
  Market_OrderExists: ['the very same order was placed before', 'place it again; a new salt makes it another order'],
  Market_Paused: ['new orders are paused', 'wait: a pause ends by itself'],
  Market_OfferExpired: ['an offer has expired', 'choose another offer: npx allod offer list'],
  Market_OfferRevoked: ['an offer was revoked by its owner', 'choose another offer: npx allod offer list'],
  Market_WrongEpoch: [
    'an offer was voided with all its owner’s older offers',
    'choose another offer: npx allod offer list',
  ],
  Market_TermOutOfRange: ['the term is outside what an offer allows', 'choose a term within every offer’s limits'],
  Market_WrongCommittee: [
    'an object is held by another committee than the order’s',
    'use objects sealed to one committee',
  ],
  Market_BadOfferSignature: ['an offer is not signed by its owner', 'fetch the offer again'],
  Market_NotObjectOwner: ['an offer is not by the owner of its object', 'refuse the offer'],
  Market_ObjectNotLive: ['an object was halted or retired by its owner', 'choose another object'],
  Market_EscrowOverMax: ['the order costs more than you agreed to', 'raise --max-price, or choose cheaper offers'],
  Market_InsufficientBalance: ['there is too little money in the market’s ledger for this account', 'deposit more'],
  Market_NoCapacity: [
    'an offer runs as many orders as it allows at once',
    'wait for one to end, or choose another offer',
  ],
  Market_NoRunsLeft: ['an offer has been used as often as it allows', 'choose another offer'],
  Market_TooLate: ['a deadline has passed', 'place a new order'],
  Market_TooEarly: ['it is too early for this', 'wait until the time in the details'],
  Market_TooFewVotes: ['fewer keepers than the committee asks for signed', 'check that enough keepers are up'],
  Market_BadVote: ['a vote is not by a member of the committee, or not in order', 'leave it out'],
  Market_NotParty: ['only buyer or provider may end a running order', 'wait for the end of its term'],
  Market_AlreadyReported: ['the order was reported before', 'nothing is left to do'],
}
