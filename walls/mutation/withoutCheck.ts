/** A check taken away by hand: what stands in a file once, and what stands there without the check. */
export type WithoutCheck = {
  /** As `namedChecks` calls it. */
  readonly check: string
  readonly file: string
  readonly text: string
  readonly replacement: string
}

const without = (check: string, file: string, text: string, replacement = ''): WithoutCheck => ({
  check,
  file,
  text,
  replacement,
})

const misfortunes = {
  down: 'one keeper and one store down',
  lying: 'one keeper and one store lying',
  neverStarts: 'provider that never starts',
  dies: 'provider that dies while training: paid for attested time only',
  endedEarly: 'agent ended early by its buyer: everybody is paid up to the end',
  runsOut: 'agent whose term runs out: paid up to its end, and nothing failed',
  paused: 'lease that fewer than t keepers renew: paused, and on when they are back',
  rebind: 'rebind, and on from a sealed checkpoint',
  buyerKilled: 'buyer killed after paying',
  networkDown: 'whole network stopped and started while an order trains',
  kills:
    'chain, provider and enclave killed when funded, started, at work, sealing and reported, as far as they exist there; every other process once beside a fine-tuning and once beside an agent',
  publishing: 'publishing killed around what it does: bytes to a store, registering, offering; or the chain killed',
  claiming: 'claiming and withdrawing killed around the transaction, or the chain killed',
  ordering: 'ordering killed around depositing and placing, or the chain killed',
} as const
const provider = 'host/provider/orders/followOrder.ts'
const startProvider = 'host/provider/startProvider.ts'
const votes = 'enclave/runtime/attest/collectVotes.ts'

const bundle = 'runtime bundle changed by one byte, in a mode or in a name'
const lastSeconds = 'agent that stops just before its term is over: no next generation'
const leaseLost = 'lease that nobody renews within ttl and grace: lost, and left to a rebind'

/**
 * What to take away where the place that refuses is not the one that throws the row's code, where several places throw it,
 * or where nothing is refused because the order goes on. The row's test must notice each of these alone.
 */
export const withoutCheck: readonly WithoutCheck[] = [
  without(
    'dataset with a broken row: before any payment',
    'user/sdk/publish/publishDataset.ts',
    'if (problems.length > 0 || rows.length === 0) throw badRows(problems)',
  ),
  without(
    'policies that exclude each other',
    'libs/protocol/intersectPolicies.ts',
    'if (kept.length === 0) throw exclude(clause, x, y)',
  ),
  without(
    'too little money',
    'user/sdk/money/fund.ts',
    "throw fail('too-little-money', {\n      expected",
    'void ({\n      expected',
  ),
  without(
    'more than --max-price',
    'user/sdk/order/quote.ts',
    "if (totalUnits > maxUnits) throw fail('over-max-price', { expected: maxUnits, actual: totalUnits })",
  ),
  without(bundle, 'devnet/chip/measureRootfs.ts', 'hash.update(piece.subarray(0, bytesRead))'),
  without(bundle, 'devnet/chip/measureRootfs.ts', 'file: { path, mode, sha256', 'file: { path, mode: 0o444, sha256'),
  without(bundle, 'devnet/chip/measureRootfs.ts', 'file: { path, mode, sha256', "file: { path: 'app/a', mode, sha256"),
  without(bundle, 'libs/attestation/commonChecks.ts', '      build !== undefined,', '      true,'),
  without(
    'runtime bundle of a build nobody approved',
    'libs/attestation/commonChecks.ts',
    '      build !== undefined,',
    '      true,',
  ),
  without(
    'engine file changed by one byte',
    'libs/content/stores/fetchTree.ts',
    "throw fail('blob-mismatch', { expected: file.sha256, actual, meta: { store: store.id } })",
    ';',
  ),
  without(
    'votes of a stranger, on chain',
    'contracts/src/lib/Votes.sol',
    'if (seat == n) revert IMarket.Market_BadVote(i);',
    'if (seat == n) continue;',
  ),
  without(
    'fact that fewer than t keepers state',
    'enclave/runtime/grant/obtainGrant.ts',
    'if (agreed.length >= atLeast) {',
    'if (granted.size >= atLeast) {',
  ),
  without(
    'older end of its decision log, given to a keeper that starts',
    'user/sdk/log/linkFaults.ts',
    'return branches.length < 2 ? []',
    'return branches.length > 0 ? []',
  ),
  without(lastSeconds, provider, 'now < endsAt - LAST_SECONDS)', 'now < endsAt)'),
  without(lastSeconds, provider, '&& !isRunningOut(newest))', ')'),
  without(leaseLost, 'enclave/runtime/lease/followLease.ts', "if (state === 'lost') engine.kill()\n    else if", 'if'),
  without(
    leaseLost,
    'enclave/runtime/lease/followLease.ts',
    "throw fail('lease-lost', { actual: 'not renewed within ttl and grace' })",
    'throw new Error()',
  ),
  without(
    'lease lost while inputs are opened: their keys are erased at once',
    'enclave/runtime/runOrder.ts',
    "if (state === 'lost') eraseAll(opened)",
  ),
  without(
    misfortunes.down,
    votes,
    'if (signatures.length < job.committee.t)',
    'if (signatures.length < job.committee.members.length)',
  ),
  without(
    misfortunes.neverStarts,
    'contracts/src/Market.sol',
    'revert Market_TooEarly(startBy + 1);\n        _refund(id, order, life, terms.buyer);',
    'revert Market_TooEarly(startBy + 1);\n        (id, order, life);',
  ),
  without(
    misfortunes.dies,
    'contracts/src/lib/Orders.sol',
    'amount = Lanes.owed(lane, counter, proof.secs, isVested)',
    'amount = Lanes.owed(lane, counter, proof.secs + 1, isVested)',
  ),
  without(misfortunes.endedEarly, provider, 'launched.tellEnded(state.endedAt)', 'Promise.resolve()'),
  without(misfortunes.runsOut, provider, '&& !isRunningOut(newest))', ')'),
  without(misfortunes.paused, 'enclave/runtime/lease/LeaseKeeper.ts', "if (silentMs > ttlMs) this.#become('paused')"),
  without(
    'keepers killed and started again: the log of each is one chain',
    'enclave/keeper/log/earlierBoots.ts',
    "if (line === '') return NOTHING",
    'if (line.length >= 0) return NOTHING',
  ),
  without(
    'object that one store holds, and that store lost after it was copied',
    'libs/content/open/copyObject.ts',
    'of lacking) {',
    'of lacking.slice(1)) {',
  ),
  without(
    'store that lies after all that was asked for: named, and done with or without',
    'libs/content/open/spanSource.ts',
    'if (good.length < end - first) throw error',
    'throw error',
  ),
  without(
    misfortunes.lying,
    'libs/content/open/spanSource.ts',
    'if (!equalBytes(await digestOf(chunk), leaf))',
    'if (!equalBytes(leaf, leaf))',
  ),
  without(misfortunes.rebind, 'enclave/runtime/runJob.ts', 'if (newest !== null) {', 'if (newest === undefined) {'),
  without(misfortunes.buyerKilled, 'user/sdk/order/followOrder.ts', 'await sendJob(allod, record)'),
  without(misfortunes.networkDown, startProvider, 'if (!file.isOver) accept(file)', 'void file'),
  without(misfortunes.kills, startProvider, 'if (!file.isOver) accept(file)', 'void file'),
  without(misfortunes.publishing, 'user/sdk/publish/postOffer.ts', 'if (open !== null) return open'),
  without(misfortunes.claiming, 'contracts/src/Market.sol', 'order.counters = newCounters;'),
  without(misfortunes.ordering, 'user/sdk/order/placeOrder.ts', 'await book.save(record)'),
  without(
    'bringing the network up killed halfway, and its chain with it',
    'devnet/network/register.ts',
    ".catch(unlessThere('registry/keeper-exists'))",
  ),
]
