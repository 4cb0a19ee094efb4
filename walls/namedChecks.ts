/** A promise about bad input or bad luck, and the test that fails without the check behind it. */
export type NamedCheck = {
  readonly check: string
  /** The code that refuses; null where nothing is refused because the order goes on or another digest comes out. */
  readonly code: string | null
  readonly file: string
  /** Its title, or the name of its row in the table that it is played with. */
  readonly test: string
}

const check = (what: string, code: string | null, file: string, test: string): NamedCheck => ({
  check: what,
  code,
  file,
  test,
})

const models = 'libs/models/modelFolder.test.ts'
const cli = 'user/cli/commands/commands.test.ts'
const admission = 'enclave/keeper/judge/mutations.test.ts'
const create = 'contracts/test/MarketCreate.t.sol'
const run = 'contracts/test/MarketRun.t.sol'
const chip = 'devnet/chip/measureRootfs.test.ts'
const misfortune = 'e2e/stories/misfortune.test.ts'
const kill = 'e2e/stories/kill.test.ts'
const brokenOff = 'e2e/stories/brokenOff.test.ts'
const upKilled = 'e2e/stories/upKilled.test.ts'

/** Bad input, changed bytes and bad luck, each with its test. `docs/internals/checks.md` is made from this. */
export const namedChecks: readonly NamedCheck[] = [
  check('model folder with a pickle', 'models/pickle-refused', models, 'refuses the pickle %s'),
  check('model folder without a tokenizer', 'models/tokenizer-missing', models, 'no tokenizer'),
  check(
    'model of an unsupported architecture',
    'models/unsupported-architecture',
    'libs/models/modelConfig.test.ts',
    'another architecture',
  ),
  check(
    'dataset with broken rows: every one by file, line and reason',
    'models/bad-dataset',
    'libs/models/checkDataset.test.ts',
    'refuses bad rows, listing all of them with file, line and reason',
  ),
  check(
    'dataset with a broken row: before any payment',
    'sdk/bad-dataset',
    cli,
    'shows the price before it pays, and stops there where told to',
  ),
  check(
    'policies that exclude each other',
    'protocol/policies-exclude',
    'libs/protocol/policy.test.ts',
    'names the clause and both sides where nothing is left',
  ),
  check(
    'too little money',
    'sdk/too-little-money',
    cli,
    'shows the price before it pays, and stops there where told to',
  ),
  check(
    'more than --max-price',
    'sdk/over-max-price',
    cli,
    'shows the price before it pays, and stops there where told to',
  ),
  check('unknown offer', 'sdk/unknown-offer', cli, 'says what is missing before there is anything to order'),
  check('expired offer', 'market/offer-expired', create, 'test_refusesAnExpiredOffer'),
  check('revoked offer', 'market/offer-revoked', create, 'test_refusesARevokedOffer'),
  check(
    'lineage given to an object by somebody else than its owner',
    'assets/not-owner',
    'contracts/test/Assets.t.sol',
    'test_nobodyElseGivesAnObjectALineage',
  ),
  check('offer over capacity', 'market/no-capacity', run, 'test_startRefusesAnOfferOverCapacity'),
  check('offer without runs left', 'market/no-runs-left', run, 'test_startRefusesAnOfferWithoutRunsLeft'),
  check(
    'runtime bundle changed by one byte, in a mode or in a name',
    'attestation/measurement-unknown',
    'devnet/chip/changedBundle.test.ts',
    'a bundle changed in %s is refused where the one before it is taken: attestation/measurement-unknown',
  ),
  check(
    'runtime bundle of a build nobody approved',
    'attestation/measurement-unknown',
    'libs/attestation/appraise.test.ts',
    'a measurement nobody knows',
  ),
  check(
    'runtime bundle changed under the chip',
    'chip/rootfs-changed',
    chip,
    'the store refuses a root filesystem that changes under it: chip/rootfs-changed',
  ),
  check(
    'engine file changed by one byte',
    'content/blob-mismatch',
    'libs/content/stores/tree.test.ts',
    'is changed by one byte',
  ),
  check(
    'another engine than paid for',
    'keeper/engine-mismatch',
    'enclave/keeper/judge/inputs.test.ts',
    'another engine paid',
  ),
  check('job spec changed by one place', 'protocol/spec-mismatch', admission, 'spec'),
  check('manifest changed by one place', 'keeper/manifest-mismatch', admission, 'manifests'),
  check(
    'chunk changed by one bit',
    'content/chunk-mismatch',
    'libs/content/open/openObject.test.ts',
    'flips a bit of a chunk',
  ),
  check(
    'wrap changed by one byte',
    'content/wrap-unopened',
    'libs/content/hpke/hpke.test.ts',
    'does not open with $name: content/wrap-unopened',
  ),
  check('share changed', 'content/share-mismatch', 'libs/content/shares.test.ts', 'name the bad share'),
  check(
    'vote over another message, or by another key',
    'runtime/vote-mismatch',
    'enclave/runtime/attest/collectVotes.test.ts',
    'leaves out a vote by another key and one over another message, and names each reason',
  ),
  check('votes of a stranger, on chain', 'market/bad-vote', run, 'test_votesOfAStranger'),
  check(
    'fact changed after a keeper signed it',
    'runtime/facts-mismatch',
    'enclave/runtime/grant/obtainGrant.test.ts',
    'changed in one field after they were signed',
  ),
  check(
    'fact that fewer than t keepers state',
    'runtime/facts-disagree',
    'enclave/runtime/grant/obtainGrant.test.ts',
    'believes no fact that fewer than t keepers state, and drops the odd one out where t agree',
  ),
  check(
    'report changed in one field',
    'report/signature-mismatch',
    'user/sdk/report/verifyReport.test.ts',
    'refuses a changed field that has no second witness too',
  ),
  check(
    'agent’s card changed by one byte: before anything is asked of the agent',
    'protocol/wrong-signer',
    'e2e/stories/agent.test.ts',
    'an agent whose card is changed by one byte is refused, and nothing is asked of it',
  ),
  check(
    'one keeper and one store down',
    null,
    misfortune,
    'one keeper and one store are down: the order completes without them',
  ),
  check(
    'one keeper and one store lying',
    null,
    misfortune,
    'one keeper and one store lie: nothing of theirs is believed, and the order completes',
  ),
  check(
    'provider that never starts',
    null,
    misfortune,
    'a provider that takes the order and never starts it: everything comes back',
  ),
  check(
    'provider that dies while training: paid for attested time only',
    null,
    misfortune,
    'a provider that dies while training and stays away is paid for the time that keepers attested, no more',
  ),
  check(
    'agent ended early by its buyer: everybody is paid up to the end',
    null,
    misfortune,
    'a buyer who ends an agent early pays everybody for the time it served, up to the end',
  ),
  check(
    'agent whose term runs out: paid up to its end, and nothing failed',
    null,
    misfortune,
    'an agent whose term runs out is paid up to its end, and nothing is said to have failed',
  ),
  check(
    'agent that stops just before its term is over: no next generation',
    null,
    'host/provider/orders/launches.test.ts',
    'an agent that stops just before its term is over is not launched again, and its order is ended after the term',
  ),
  check(
    'lease that fewer than t keepers renew: paused, and on when they are back',
    null,
    misfortune,
    'two of three keepers away for longer than a lease: the order pauses, and goes on when they are back',
  ),
  check(
    'lease that nobody renews within ttl and grace: lost, and left to a rebind',
    'runtime/lease-lost',
    'enclave/runtime/runJob.test.ts',
    'a lost lease kills the engine and leaves the order to another machine: nothing is signed as failed',
  ),
  check(
    'lease lost while inputs are opened: their keys are erased at once',
    'runtime/lease-lost',
    'enclave/runtime/runOrder.test.ts',
    'a lease that is lost erases the inputs’ keys at once, not only when a store has answered',
  ),
  check(
    'decision log of another keeper, given to one that starts',
    'keeper/log-forged',
    'enclave/keeper/log/earlierBoots.test.ts',
    'another keeper’s entry',
  ),
  check(
    'decision log without one of its boots',
    'log/boot-missing',
    'user/sdk/log/verifyDecisionLog.test.ts',
    'a whole boot that was dropped: log/boot-missing',
  ),
  check(
    'older end of its decision log, given to a keeper that starts',
    'log/forked',
    'user/sdk/log/verifyDecisionLog.test.ts',
    'a keeper that was given an older end of its log, to whoever holds both: log/forked',
  ),
  check(
    'keepers killed and started again: the log of each is one chain',
    null,
    misfortune,
    'the keepers’ decision logs hold together over every death of theirs',
  ),
  check(
    'two sealings at once that would go on with one key',
    'content/journal-busy',
    'libs/content/node/node.test.ts',
    'is one sealing’s alone until it lets go: content/journal-busy',
  ),
  check(
    'store that lies after all that was asked for: named, and done with or without',
    null,
    'libs/content/open/openObject.test.ts',
    'and %s after all that was asked for is named, and keeps nobody from it',
  ),
  check(
    'object that one store holds, and that store lost after it was copied',
    null,
    'user/sdk/object/replicateObject.test.ts',
    'an object that one store holds is copied to the other, and outlives the first',
  ),
  check(
    'rebind, and on from a sealed checkpoint',
    null,
    misfortune,
    'an enclave that dies while training is replaced by a next generation that goes on from a checkpoint',
  ),
  check(
    'buyer killed after paying',
    null,
    misfortune,
    'a buyer’s program that is killed right after paying finds its order again and goes on',
  ),
  check(
    'whole network stopped and started while an order trains',
    null,
    misfortune,
    'a network that is taken down while an order trains goes on where it was',
  ),
  check(
    'chain, provider and enclave killed when funded, started, at work, sealing and reported, as far as they exist there; every other process once beside a fine-tuning and once beside an agent',
    null,
    kill,
    'an order goes on after each of these, and every unit is accounted for: %s',
  ),
  check(
    'publishing killed around what it does: bytes to a store, registering, offering; or the chain killed',
    null,
    brokenOff,
    '%s killed %s %s %i: given again, it is sealed once and offered once',
  ),
  check(
    'claiming and withdrawing killed around the transaction, or the chain killed',
    null,
    brokenOff,
    '%s, %j: each is paid once, to the last unit',
  ),
  check(
    'ordering killed around depositing and placing, or the chain killed',
    null,
    brokenOff,
    '%s killed %s %s %i: every order that was placed is known, and every unit is there',
  ),
  check(
    'bringing the network up killed halfway, and its chain with it',
    null,
    upKilled,
    'a bringing up that is killed again and again ends in a whole network: contracts, committee and provider',
  ),
]
