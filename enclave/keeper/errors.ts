import { errorsOf } from '@allod/protocol'

/** Every refusal of a keeper, beside those of the libraries it judges with. */
export const fail = errorsOf('keeper', {
  // what was asked
  'bad-request': ['a request is not one that a keeper answers', 'see the field in the details'],
  'not-found': [
    'a keeper has no such path',
    'use /challenge, /vote, /grant, /renew, /release, /evidence, /seat or /status',
  ],
  busy: ['the keeper answers as many requests as it can', 'ask again in a second, or ask another keeper'],
  // challenges, leases
  'challenge-missing': ['the request answers no challenge of this keeper', 'ask this keeper for a challenge first'],
  'challenge-forged': ['a challenge was not made by this keeper', 'send the challenge exactly as it was given'],
  'challenge-expired': ['a challenge is no longer good', 'ask for a new challenge and show fresh evidence'],
  'lease-forged': ['a lease was not made by this keeper', 'send the lease exactly as it was given'],
  'lease-gap': ['too much time passed since the lease was last renewed', 'the order needs a rebind'],
  'renew-range': ['a renewal asks for time that this keeper cannot vouch for', 'ask for time up to now, and no later'],
  'evidence-due': ['a renewal needs full evidence by now', 'send it with fresh evidence in `admission`'],
  // the order
  'wrong-chain': ['an order is of another chain or market', 'ask the keepers of that market'],
  'wrong-order': ['the parts of a request name different orders', 'send parts of one order and generation'],
  'not-a-member': ['this keeper does not sit in the order’s committee', 'ask the committee’s own keepers'],
  'committee-mismatch': ['the order, its spec and its inputs name different committees', 'use inputs of one committee'],
  'order-state': ['the order is not in a state that allows this', 'read the order on chain'],
  'job-mismatch': ['the order was placed for another kind of job than its spec says', 'place the order again'],
  'not-final': ['the start of the order is not final yet', 'ask again in a moment'],
  'enclave-mismatch': ['the chain records another enclave for this order', 'only the recorded enclave gets keys'],
  'release-refused': [
    'the chain says that keys may not be released',
    'see the reason; the order may be over or halted',
  ],
  'clock-skew': [
    'the chain’s newest block and this keeper’s clock are too far apart',
    'ask again; check RPCs and clock',
  ],
  // who launched it, and where
  'launch-not-by-provider': ['the launch is not signed by the provider’s key', 'the provider must sign with its key'],
  'machine-unregistered': ['the machine is not registered to the provider', 'register the chip, or use one that is'],
  // inputs and offers
  'compute-offer': ['an order must pay for exactly one machine', 'place the order with one compute offer'],
  'engine-mismatch': ['the engine paid for is not the engine of the spec', 'place the order with that engine’s offer'],
  'input-twice': ['two inputs are the same object', 'name each object once'],
  'input-unpaid': ['an input has no offer and is not the buyer’s own', 'place the order with an offer for it'],
  'offer-mismatch': ['an offer is not for the object as the spec names it', 'use the offer’s own manifest and policy'],
  'offer-unused': ['an offer pays for nothing that the spec uses', 'place the order with offers for its inputs only'],
  'offer-terms': ['an offer narrows its policy in a way that this keeper does not know', 'use a plain offer'],
  'manifest-missing': ['the manifest of an input is missing', 'send a manifest for every sealed input'],
  'manifest-unexpected': ['a manifest belongs to no sealed input', 'send manifests of sealed inputs only'],
  'manifest-mismatch': ['a manifest is not the one that the spec names', 'fetch the manifest by its hash'],
  'object-owner': ['an object is registered to somebody else', 'refuse this manifest; the registry names the owner'],
  'object-halted': ['an object was halted or retired by its owner', 'wait until it is resumed, or use another'],
  'object-unregistered': ['an object that is rented is not registered', 'its owner must register it'],
  'derived-unproved': ['a derived object has no report on chain that made it', 'register it under its order’s report'],
  'royalties-mismatch': ['the chain has other royalties than the object’s policy', 'its owner must register the table'],
  // policies
  'purpose-refused': ['a policy does not allow this kind of job', 'use an object whose policy does'],
  'engine-refused': ['a policy does not allow this engine', 'use an engine that the policy lists'],
  'build-refused': ['a policy does not accept this build', 'use a build that the policy or the registry approves'],
  'provider-refused': ['a policy does not accept this provider', 'choose a provider that the policy accepts'],
  'machine-refused': ['a policy does not accept this machine', 'choose a machine that the policy accepts'],
  'buyer-refused': ['a policy does not accept this buyer', 'ask the owner for an object you may use'],
  'output-too-large': ['the job may write more than a policy lets out', 'lower limits.outputBytes in the spec'],
  // evidence
  'tee-refused': ['this keeper cannot judge the kind of TEE that a policy names', 'ask a keeper of that network'],
  'gpu-missing': ['a policy asks for a GPU and none was shown', 'choose a machine with a confidential GPU'],
  'nonces-mismatch': ['evidence answers other challenges than those sent', 'send the challenges the evidence answers'],
  'evidence-expiring': ['evidence ends before the vote would', 'show evidence with current endorsements'],
  // results
  'not-reported': ['the order’s report is not final, or its fees have not vested', 'ask again when they are'],
  'not-of-order': ['the object was not made by this order', 'ask under the order whose report names it'],
  'export-refused': ['no policy lets this output out', 'rent it where it is; owners forbade its export'],
  // the keeper itself
  'log-unavailable': ['the decision log did not take an entry', 'nothing was released; ask again, or another keeper'],
  'log-forged': [
    'the host gave a last entry of earlier boots that this keeper did not sign',
    'put the keeper’s log back as it was; without any, the keeper starts a second one, and that shows',
  ],
  'bad-config': ['the keeper’s configuration cannot be used', 'correct the field in the details and launch again'],
  'no-hardware': ['this release cannot run a keeper on hardware yet', 'use the devnet bundle with the simulated chip'],
})
