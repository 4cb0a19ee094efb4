import { errorsOf } from '@allod/protocol'

/** Every way in which a provider refuses or gives up. */
export const fail = errorsOf('provider', {
  'not-found': [
    'there is nothing at this address',
    'ask for /orders/<id>/events, or /orders/<id>/report once it is there',
  ],
  'body-too-large': ['a request is larger than its bound', 'send at most 4 MiB'],
  'not-my-offer': [
    'the order does not rent this provider’s machine',
    'send the order to the provider whose offer it uses',
  ],
  'order-unknown': ['the chain knows no such order', 'place the order first, then send its job'],
  'order-not-open': ['the order is not open any more', 'place a new order'],
  'build-not-here': ['the job wants a build that this provider does not have', 'use the build in the provider’s offer'],
  'committee-unknown': [
    'the order’s committee is not one this provider can reach',
    'use a committee registered on chain',
  ],
  busy: ['the provider runs as many orders as it can', 'wait for one to end, or choose another provider'],
  'over-limit': [
    'the job may use more of the machine than one order gets here',
    'lower this limit in the job, or choose another provider',
  ],
  'store-not-here': [
    'the job names a store that this provider does not connect to',
    'use the network’s stores, or choose another provider',
  ],
  'gateway-refused': [
    'the gateway did not take a route',
    'check that it runs and that its admin socket is the one given',
  ],
  'bad-config': ['the provider’s configuration is not usable', 'see the field in the details'],
  'https-inside': [
    'a store or keeper is given by an https address, and TLS does not end inside the enclave yet',
    'give its http address: what passes is sealed or checked there anyway',
  ],
  'guest-silent': ['the enclave does not answer its host', 'it is taken down when the market’s windows are over'],
  'guest-request': ['the enclave asked for something out of turn', 'see the provider’s log'],
})
