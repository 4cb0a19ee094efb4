import { errorsOf } from '@allod/protocol'

/** Every way in which the chain can fail a reader or a writer. */
export const fail = errorsOf('chain', {
  'rpc-failed': ['an RPC endpoint did not answer', 'check that it runs and that its URL is right'],
  'rpc-disagree': [
    'RPC endpoints say different things about the same block',
    'find out which one lies before going on',
  ],
  'wrong-chain': ['an RPC endpoint is of another chain', 'use an endpoint of the chain the network names'],
  'head-too-old': ['the newest block is too old to decide by', 'wait until the endpoint has caught up, or use another'],
  reorg: ['a block that was read is not part of the chain any more', 'read again'],
  'call-reverted': ['a contract refused a read', 'see the contract’s error in the details'],
  'unknown-order': ['the chain knows no such order', 'check the order’s id and the network'],
  'tx-reverted': [
    'a transaction was included but failed',
    'look at the state again: somebody else may have been first',
  ],
  'tx-not-included': ['a transaction did not get into a block in time', 'check the chain; sending again is safe'],
  'no-gas': ['the account cannot pay for gas', 'send it some of the chain’s own coin'],
})
