import { errorsOf } from '@allod/protocol'

/** Every way in which the runtime gives up. */
export const fail = errorsOf('runtime', {
  'job-inconsistent': [
    'the host’s job document contradicts itself',
    'the provider must send the spec and terms the order names',
  ],
  'vote-mismatch': [
    'a keeper voted on something else than was asked',
    'leave this keeper out; its vote names another fact',
  ],
  'not-enough-votes': ['fewer keepers than the committee asks for voted', 'see each keeper’s reason in the details'],
  'not-enough-grants': ['fewer keepers than the committee asks for granted', 'see each keeper’s reason in the details'],
  'facts-disagree': [
    'enough keepers granted, but too few of them state the same facts',
    'one of them errs or lies: compare what each says of the order with the chain',
  ],
  'facts-mismatch': ['a keeper stated facts of another order', 'leave this keeper out; its signature is kept as proof'],
  'manifest-mismatch': [
    'a manifest is not the one the keepers named',
    'the provider must send the manifest the order’s offer names',
  ],
  'input-missing': [
    'the keepers named no object for an input',
    'place the order again with an offer for every sealed input',
  ],
  'lease-lost': ['the keepers did not renew the lease in time', 'the order may have ended; look at it on chain'],
  'engine-failed': ['the engine ended without a result', 'check parameters and limits; its words stay inside'],
  'engine-silent': ['the engine stopped answering', 'ask again; the agent may be held until its lease is renewed'],
  'output-refused': ['the engine’s output is not what a policy lets out', 'see the clause in the details'],
  'storage-failed': ['no store holds the result', 'check the stores the order names'],
  'failure-not-kept': [
    'the provider did not keep why the job failed',
    'see its code in the details; the provider may start the job again',
  ],
  'not-serving': ['this enclave does not serve an agent', 'wait until its order is started'],
  'quota-used-up': ['the token’s quota is used up', 'ask the agent’s owner for a new token'],
  'too-many-requests': ['requests come faster than the agent’s owner allows', 'wait a minute and ask again'],
  'token-missing': [
    'the request carries no readable access token',
    'send Authorization: Bearer with the token the agent’s owner issued',
  ],
  'path-refused': [
    'an agent does not answer at this path',
    'use /v1/chat/completions, /v1/completions, /v1/embeddings or /v1/models',
  ],
  'body-refused': ['a request could not be read', 'send JSON of at most 1 MiB as the OpenAI API describes it'],
  'policy-forbids': ['a policy of the agent’s objects forbids this', 'leave the parameter named in the details out'],
})
