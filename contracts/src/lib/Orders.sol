// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Lane, SERVE, State, Terms} from "../types/Order.sol";
import {CommitteeRecord} from "./CommitteeRecord.sol";
import {Lanes} from "./Lanes.sol";
import {Ledger} from "./Ledger.sol";
import {Life, Proof, Slots} from "./Slots.sol";

/// Orders as they are kept, and what is owed when they end.
abstract contract Orders is Ledger {
    struct Order {
        /// Life, packed.
        uint256 life;
        /// Proof, packed.
        uint256 proof;
        /// Eight lane counters; see Lanes.
        uint256 counters;
        /// keccak256(abi.encode(reportHash, lineage)).
        bytes32 reported;
    }

    /// Flags of a life; the lowest two bits are the job.
    uint8 internal constant JOB = 3;
    uint8 internal constant VESTED = 4;
    uint8 internal constant FAILED = 8;
    /// Some lane has a counter; without it nobody need look.
    uint8 internal constant COUNTED = 16;
    bytes32 private constant ORDER_TAG = keccak256("allod/order/v1");

    /// @inheritdoc IMarket
    uint64 public immutable reportWindow;
    /// @inheritdoc IMarket
    uint64 public immutable closeWindow;

    mapping(bytes32 order => Order) internal _orders;
    /// Running orders on an offer in the lowest 32 bits, orders that ever started in the next.
    mapping(bytes32 offer => uint256) internal _usage;

    address private immutable _committees;

    constructor(address registry_, uint64 reportWindow_, uint64 closeWindow_) {
        (_committees, reportWindow, closeWindow) = (registry_, reportWindow_, closeWindow_);
    }

    function _idOf(address buyer, bytes32 salt, bytes32 offers, bytes32 lanes, bytes32 specHash, uint32 secs)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(ORDER_TAG, block.chainid, address(this), buyer, salt, offers, lanes, specHash, secs)
        );
    }

    /// @inheritdoc IMarket
    function idOf(Terms calldata terms) public view returns (bytes32) {
        return _idOf(
            terms.buyer, terms.salt, Lanes.hash(terms.offers), Lanes.hash(terms.lanes), terms.specHash, terms.secs
        );
    }

    /// The order of these terms, which must be in this state.
    function _open(Terms calldata terms, State expected)
        internal
        view
        returns (bytes32 id, Order storage order, Life memory life)
    {
        id = idOf(terms);
        order = _orders[id];
        life = Slots.lifeOf(order.life);
        if (life.state != expected) revert Market_WrongState(id, life.state);
    }

    /// End of the term, or when the order was ended before it.
    function _over(Life memory life) internal pure returns (uint256) {
        return life.endedAt != 0 ? life.endedAt : uint256(life.startedAt) + life.secs;
    }

    function _requireWithinTerm(Life memory life) internal view {
        if (block.timestamp >= _over(life)) revert Market_TooLate(_over(life));
    }

    function _record(uint24 committee) internal view returns (bytes memory) {
        return CommitteeRecord.read(CommitteeRecord.locate(_committees, committee));
    }

    function _countersOf(Order storage order, Life memory life) internal view returns (uint256) {
        return life.flags & COUNTED != 0 ? order.counters : 0;
    }

    function _forfeit(Order storage order, Life memory life, uint256 lane) internal {
        order.counters = Lanes.withCounter(_countersOf(order, life), lane, Lanes.FORFEITED);
        life.flags |= COUNTED;
    }

    /// OPEN to SETTLED: everything returns to the buyer.
    function _refund(bytes32 id, Order storage order, Life memory life, address buyer) internal {
        uint256 refund = life.escrow;
        (life.state, life.escrow) = (State.SETTLED, 0);
        order.life = Slots.pack(life);
        _credit(buyer, refund);
        emit Expired(id, refund);
    }

    /// ACTIVE to ENDED, or to SETTLED where nothing can be owed any more.
    function _end(bytes32 id, Order storage order, Life memory life, Terms calldata terms) internal {
        uint256 over = _over(life);
        life.endedAt = uint32(block.timestamp < over ? block.timestamp : over);
        life.state = State.ENDED;
        (bytes32[] calldata offers, Lane[] calldata lanes) = (terms.offers, terms.lanes);
        for (uint256 i; i < offers.length; ++i) {
            // Counted at the start, so there is one to take away.
            if (Lanes.hasCapacity(lanes[i])) _usage[offers[i]] -= 1;
        }
        (, uint256 refund, uint256 kept,) =
            _reckon(lanes, life, Slots.proofOf(order.proof), _countersOf(order, life), 0);
        life.escrow = uint88(kept);
        if (kept == 0) life.state = State.SETTLED;
        order.life = Slots.pack(life);
        _credit(terms.buyer, refund);
        emit Ended(id, life.endedAt, refund);
    }

    /// What the lanes in `mask` are owed, and what of the escrow stays: all of it while ACTIVE; afterwards no more than the
    /// lanes can still come to earn, and the rest is the buyer's.
    function _reckon(Lane[] calldata lanes, Life memory life, Proof memory proof, uint256 counters, uint256 mask)
        internal
        view
        returns (uint256[] memory amounts, uint256 refund, uint256 kept, uint256 newCounters)
    {
        bool isVested = life.flags & VESTED != 0;
        (uint256 mostSecs, bool mayVest) = _prospects(life, proof);
        amounts = new uint256[](lanes.length);
        newCounters = counters;
        uint256 paid;
        uint256 most;
        unchecked {
            // At most eight sums of 128 × 31 bits and 128 bits.
            for (uint256 i; i < lanes.length; ++i) {
                Lane calldata lane = lanes[i];
                uint256 counter = Lanes.counterOf(counters, i);
                if (mask >> i & 1 != 0) {
                    uint256 amount = Lanes.owed(lane, counter, proof.secs, isVested);
                    amounts[i] = amount;
                    paid += amount;
                    counter = Lanes.paidFor(counter, proof.secs, isVested);
                    newCounters = Lanes.withCounter(newCounters, i, counter);
                    if (mostSecs == proof.secs && mayVest == isVested) continue;
                }
                most += Lanes.owed(lane, counter, mostSecs, mayVest);
            }
        }
        // Checked: no order pays or keeps more than it locked.
        kept = life.escrow - paid;
        if (life.state == State.ENDED) {
            refund = kept - most;
            kept = most;
        }
    }

    /// The most time that can still come to be attested, and whether the fees are or can still come to be owed.
    function _prospects(Life memory life, Proof memory proof) private view returns (uint256 secs, bool mayVest) {
        uint256 over = _over(life);
        bool mayBeat = proof.upTo < over && block.timestamp <= over + closeWindow;
        secs = mayBeat ? proof.secs + (over - proof.upTo) : proof.secs;
        if (life.flags & VESTED != 0) return (secs, true);
        if (life.flags & FAILED != 0) return (secs, false);
        mayVest = life.flags & JOB == SERVE ? mayBeat : block.timestamp <= over + reportWindow;
    }

    /// Even shares to those who voted, what is left over to the first of them.
    function _creditKeepers(bytes memory record, uint256 signers, uint256 amount) internal {
        uint256 voters = LibBit.popCount(signers);
        uint256 share = amount / voters;
        uint256 rest = amount % voters;
        for (uint256 seat; signers >> seat != 0; ++seat) {
            if (signers >> seat & 1 == 0) continue;
            _credit(CommitteeRecord.payee(record, seat), share + rest);
            rest = 0;
        }
    }
}
