// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// One payee's part of an order. Lanes stand in this order: one per offer, in the offers' order; royalties; the keepers'
/// lane last, whose `payee` is the committee's record. Every call brings the lanes along, so two numbers share a word.
struct Lane {
    /// Whose offer it is; 0 for royalties and keepers.
    address owner;
    address payee;
    /// u32 maxRuns ‖ u32 capacity, in the lowest bits.
    uint256 limits;
    /// u128 perOrder, in token units ‖ u128 perSecond, in 1e-12 token units.
    uint256 prices;
}

using {capacity, maxRuns, perSecond, perOrder} for Lane global;

function capacity(Lane memory lane) pure returns (uint32) {
    return uint32(lane.limits);
}

function maxRuns(Lane memory lane) pure returns (uint32) {
    return uint32(lane.limits >> 32);
}

function perSecond(Lane memory lane) pure returns (uint128) {
    return uint128(lane.prices);
}

function perOrder(Lane memory lane) pure returns (uint128) {
    return uint128(lane.prices >> 128);
}

/// A lane of these numbers.
function newLane(address owner, address payee, uint64 limits, uint128 perSecond_, uint128 perOrder_)
    pure
    returns (Lane memory)
{
    return Lane(owner, payee, limits, uint256(perOrder_) << 128 | perSecond_);
}

/// Everything an order's id commits to. Storage keeps only what changes, so calls bring the terms along, and terms that
/// do not hash to the id name an order that does not exist. Created carries them.
struct Terms {
    address buyer;
    bytes32 salt;
    bytes32 specHash;
    /// The term bought at first; `extend` changes the stored term, never this.
    uint32 secs;
    bytes32[] offers;
    Lane[] lanes;
}

/// What a buyer asks for beside the offers.
struct Request {
    bytes32 committee;
    bytes32 specHash;
    bytes32 salt;
    uint32 secs;
    /// 1 finetune, 2 serve, 3 run: decides what vests the fixed fees.
    uint8 job;
    /// The most the buyer agrees to lock, in token units.
    uint128 maxEscrow;
}

/// What keepers vouch for when they vote, beside order, generation and committee.
struct Attestation {
    address enclave;
    bytes32 grantKeyHash;
    bytes32 build;
    bytes32 evidenceHash;
    /// Last second at which the votes may be used.
    uint64 validUntil;
}

enum State {
    NONE,
    OPEN,
    ACTIVE,
    ENDED,
    SETTLED
}

uint8 constant FINETUNE = 1;
uint8 constant SERVE = 2;
uint8 constant RUN = 3;

/// An order as storage knows it; the rest is in its terms. Times are Unix seconds, 0 where not yet known.
struct OrderState {
    State state;
    uint8 job;
    /// The fixed fees are owed.
    bool isVested;
    /// The enclave said that the order failed: fixed fees can no longer vest.
    bool isFailed;
    bytes32 committee;
    /// The term, with extensions.
    uint32 secs;
    uint64 startBy;
    uint64 startedAt;
    uint64 endedAt;
    address enclave;
    uint32 generation;
    /// Bit i: the committee's i-th signer, in its record's order, voted for a start or rebind of this order.
    uint16 signers;
    uint32 attestedSeconds;
    uint64 attestedUpTo;
    /// Token units still locked.
    uint128 escrow;
    /// keccak256(abi.encode(reportHash, lineage)), or 0.
    bytes32 reported;
    /// The block whose Created event holds the terms.
    uint64 createdBlock;
}
