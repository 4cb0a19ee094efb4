// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {Standing} from "./interfaces/IAssets.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {ITrust} from "./interfaces/ITrust.sol";
import {CommitteeRecord} from "./lib/CommitteeRecord.sol";
import {Lanes} from "./lib/Lanes.sol";
import {Ledger} from "./lib/Ledger.sol";
import {Orders} from "./lib/Orders.sol";
import {Pausable} from "./lib/Pausable.sol";
import {Pricing} from "./lib/Pricing.sol";
import {Life, Proof, Slots} from "./lib/Slots.sol";
import {Statements} from "./lib/Statements.sol";
import {Votes} from "./lib/Votes.sol";
import {Parts, Windows} from "./types/Deployment.sol";
import {OBJECT, Offer, hashOffer} from "./types/Offer.sol";
import {Attestation, FINETUNE, Lane, OrderState, RUN, Request, SERVE, State, Terms} from "./types/Order.sol";

/// @title Orders, attested time and money
contract Market is Orders, Pausable, Pricing, Statements {
    using SafeCastLib for uint256;

    uint256 private constant NO_INPUT = 255;

    ITrust private immutable _trust;
    /// @inheritdoc IMarket
    uint64 public immutable startWindow;

    constructor(Parts memory parts, Windows memory windows)
        Ledger(parts.token)
        Orders(parts.registry, windows.report, windows.close)
        Pausable(parts.pauser, windows.pause)
        Pricing(parts.token, parts.assets, parts.registry, parts.catalog)
    {
        (_trust, startWindow) = (ITrust(parts.trust), windows.start);
    }

    /// @inheritdoc IMarket
    function create(Offer[] calldata offers, bytes[] calldata signatures, Request calldata request)
        external
        whenNotPaused
        returns (bytes32 id)
    {
        if (request.job < FINETUNE || request.job > RUN) revert Market_BadJob(request.job);
        if (signatures.length != offers.length) revert Market_LengthMismatch(offers.length, signatures.length);
        (Lane[] memory lanes, uint256 escrow, uint24 committee) = _price(offers, request.committee, request.secs);
        if (escrow > request.maxEscrow) revert Market_EscrowOverMax(escrow, request.maxEscrow);
        if (escrow > type(uint88).max) revert Market_AmountTooLarge(escrow);
        Terms memory terms = Terms(
            msg.sender, request.salt, request.specHash, request.secs, _requireSigned(offers, signatures), lanes
        );
        id = _idOf(
            msg.sender,
            request.salt,
            Lanes.hashMemory(terms.offers),
            Lanes.hashMemory(lanes),
            request.specHash,
            request.secs
        );
        Order storage order = _orders[id];
        if (order.life != 0) revert Market_OrderExists(id);
        uint256 startBy = block.timestamp + startWindow;
        order.life = Slots.pack(
            Life({
                state: State.OPEN,
                flags: request.job,
                committee: committee,
                secs: request.secs,
                startedAt: 0,
                endedAt: 0,
                createdBlock: block.number.toUint32(),
                escrow: uint88(escrow)
            })
        );
        order.proof = Slots.pack(Proof(address(0), 0, 0, startBy.toUint32(), 0));
        _debit(msg.sender, escrow);
        emit Created(
            id, msg.sender, lanes[0].owner, request.committee, request.job, escrow, uint64(startBy), terms
        );
    }

    /// @inheritdoc IMarket
    function start(Terms calldata terms, Attestation calldata attestation, bytes[] calldata votes)
        external
        whenNotPaused
    {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.OPEN);
        Proof memory proof = Slots.proofOf(order.proof);
        _requireProvider(terms);
        if (block.timestamp > proof.upTo) revert Market_TooLate(proof.upTo);
        _consume(terms, proof.upTo - startWindow);
        (life.state, life.startedAt, proof.upTo) =
            (State.ACTIVE, uint32(block.timestamp), uint32(block.timestamp));
        // The end of the term must fit, or the clock of this contract has run out.
        (block.timestamp + life.secs).toUint32();
        order.life = Slots.pack(life);
        _bind(id, order, proof, life.committee, attestation, votes);
    }

    /// @inheritdoc IMarket
    function rebind(Terms calldata terms, Attestation calldata attestation, bytes[] calldata votes) external {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.ACTIVE);
        _requireProvider(terms);
        _requireWithinTerm(life);
        _bind(id, order, Slots.proofOf(order.proof), life.committee, attestation, votes);
    }

    /// @inheritdoc IMarket
    function beat(bytes32 id, uint32 generation, uint64 from, uint64 upTo, bytes[] calldata votes) external {
        Order storage order = _orders[id];
        Life memory life = Slots.lifeOf(order.life);
        Proof memory proof = Slots.proofOf(order.proof);
        if (life.state != State.ACTIVE && life.state != State.ENDED) revert Market_WrongState(id, life.state);
        uint256 over = _over(life);
        if (block.timestamp > over + closeWindow) revert Market_TooLate(over + closeWindow);
        if (generation == 0 || generation > proof.generation) {
            revert Market_WrongGeneration(proof.generation, generation);
        }
        if (from >= upTo || upTo > block.timestamp) revert Market_BadInterval(from, upTo);
        Votes.tally(_record(life.committee), _alive(id, generation, from, upTo), votes);

        uint256 counted = from > proof.upTo ? from : proof.upTo;
        uint256 until = upTo < over ? upTo : over;
        if (until <= counted) revert Market_NothingNew(proof.upTo);
        // Both lie between the start and the end of the term, which fit.
        (proof.upTo, proof.secs) = (uint32(until), proof.secs + uint32(until - counted));
        order.proof = Slots.pack(proof);
        if (life.flags & (JOB | VESTED | FAILED) == SERVE) _vest(order, life);
        emit Attested(id, uint64(counted), uint64(until), proof.secs);
    }

    /// @inheritdoc IMarket
    function report(bytes32 id, uint32 generation, bytes32 reportHash, bytes32 lineage, bytes calldata signature)
        external
    {
        Order storage order = _orders[id];
        Life memory life = Slots.lifeOf(order.life);
        // An order that owes nothing settles when it ends, and may still be reported.
        if (life.startedAt == 0) revert Market_WrongState(id, life.state);
        uint256 over = _over(life);
        if (block.timestamp > over + reportWindow) revert Market_TooLate(over + reportWindow);
        if (life.flags & FAILED != 0) revert Market_AlreadyFailed(id);
        if (order.reported != 0) revert Market_AlreadyReported(id);
        _requireEnclave(order, generation, _reported(id, generation, reportHash, lineage), signature);

        order.reported = keccak256(abi.encode(reportHash, lineage));
        if (life.flags & JOB != SERVE) _vest(order, life);
        emit Reported(id, generation, reportHash, lineage);
    }

    /// @inheritdoc IMarket
    function fail(Terms calldata terms, uint32 generation, bytes32 reason, uint8 input, bytes calldata signature)
        external
    {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.ACTIVE);
        if (input != NO_INPUT && input >= terms.offers.length) revert Market_BadInput(input);
        _requireEnclave(order, generation, _failed(id, generation, reason, input), signature);

        life.flags |= FAILED;
        if (input != NO_INPUT) _forfeit(order, life, input);
        emit Failed(id, reason, input);
        _end(id, order, life, terms);
    }

    /// @inheritdoc IMarket
    function end(Terms calldata terms) external {
        bytes32 id = idOf(terms);
        Order storage order = _orders[id];
        Life memory life = Slots.lifeOf(order.life);
        bool isParty = msg.sender == terms.buyer || _isProvider(terms);
        if (life.state == State.OPEN) {
            if (!isParty) revert Market_NotParty(msg.sender);
            _refund(id, order, life, terms.buyer);
            return;
        }
        if (life.state != State.ACTIVE) revert Market_WrongState(id, life.state);
        if (!isParty && block.timestamp < _over(life)) revert Market_NotParty(msg.sender);
        _end(id, order, life, terms);
    }

    /// @inheritdoc IMarket
    function stop(Terms calldata terms, Offer calldata offer, uint8 lane) external {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.ACTIVE);
        if (lane >= terms.offers.length) revert Market_BadInput(lane);
        _requireSameOffer(terms.offers[lane], offer);
        if (offer.kind != OBJECT) revert Market_BadKind(lane, offer.kind);
        if (_assets.standingOf(offer.subject) == Standing.LIVE) revert Market_ObjectIsLive(offer.subject);

        _forfeit(order, life, lane);
        emit Stopped(id, offer.subject, lane);
        _end(id, order, life, terms);
    }

    /// @inheritdoc IMarket
    function expire(Terms calldata terms) external {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.OPEN);
        uint256 startBy = Slots.proofOf(order.proof).upTo;
        if (block.timestamp <= startBy) revert Market_TooEarly(startBy + 1);
        _refund(id, order, life, terms.buyer);
    }

    /// @inheritdoc IMarket
    function extend(Terms calldata terms, Offer[] calldata offers, uint32 addedSeconds, uint256 maxAdded) external {
        (bytes32 id, Order storage order, Life memory life) = _open(terms, State.ACTIVE);
        if (msg.sender != terms.buyer) revert Market_NotBuyer(terms.buyer, msg.sender);
        if (offers.length != terms.offers.length) revert Market_LengthMismatch(terms.offers.length, offers.length);
        _requireWithinTerm(life);
        uint256 secs = uint256(life.secs) + addedSeconds;
        (life.startedAt + secs).toUint32();
        for (uint256 i; i < offers.length; ++i) {
            _requireSameOffer(terms.offers[i], offers[i]);
            _requireTerm(i, offers[i], secs);
            _requireStanding(i, offers[i], terms.offers[i]);
            if (offers[i].kind == OBJECT && _assets.standingOf(offers[i].subject) != Standing.LIVE) {
                revert Market_ObjectNotLive(offers[i].subject);
            }
        }
        uint256 added;
        for (uint256 i; i < terms.lanes.length; ++i) {
            uint256 rate = uint128(terms.lanes[i].prices);
            added += Lanes.locked(rate, secs) - Lanes.locked(rate, life.secs);
        }
        if (added > maxAdded) revert Market_EscrowOverMax(added, maxAdded);
        if (life.escrow + added > type(uint88).max) revert Market_AmountTooLarge(life.escrow + added);

        (life.secs, life.escrow) = (uint32(secs), uint88(life.escrow + added));
        order.life = Slots.pack(life);
        _debit(msg.sender, added);
        emit Extended(id, life.secs, added);
    }

    /// @inheritdoc IMarket
    function claim(Terms calldata terms, uint256 mask) public returns (uint256[] memory amounts, uint256 refund) {
        bytes32 id = idOf(terms);
        Order storage order = _orders[id];
        Life memory life = Slots.lifeOf(order.life);
        if (life.state == State.SETTLED) return (new uint256[](terms.lanes.length), 0);
        if (life.state != State.ACTIVE && life.state != State.ENDED) revert Market_WrongState(id, life.state);
        Proof memory proof = Slots.proofOf(order.proof);
        uint256 counters = _countersOf(order, life);
        uint256 kept;
        uint256 newCounters;
        (amounts, refund, kept, newCounters) = _reckon(terms.lanes, life, proof, counters, mask);

        life.escrow = uint88(kept);
        if (life.state == State.ENDED && kept == 0) {
            // Nothing is left that a counter could guard.
            life.state = State.SETTLED;
        } else if (newCounters != counters) {
            order.counters = newCounters;
            life.flags |= COUNTED;
        }
        order.life = Slots.pack(life);
        Lane[] calldata lanes = terms.lanes;
        uint256 last = lanes.length - 1;
        for (uint256 i; i < last; ++i) _credit(lanes[i].payee, amounts[i]);
        if (amounts[last] != 0) _creditKeepers(_record(life.committee), proof.signers, amounts[last]);
        _credit(terms.buyer, refund);
        emit Claimed(id, amounts, refund, proof.signers);
    }

    /// @inheritdoc IMarket
    function claimMany(Terms[] calldata terms, uint256[] calldata masks) external {
        if (terms.length != masks.length) revert Market_LengthMismatch(terms.length, masks.length);
        for (uint256 i; i < terms.length; ++i) claim(terms[i], masks[i]);
    }

    /// @inheritdoc IMarket
    function orderOf(bytes32 id) external view returns (OrderState memory seen) {
        Order storage order = _orders[id];
        (Life memory life, Proof memory proof) = (Slots.lifeOf(order.life), Slots.proofOf(order.proof));
        seen.state = life.state;
        if (life.state == State.NONE) return seen;
        seen.job = life.flags & JOB;
        seen.isVested = life.flags & VESTED != 0;
        seen.isFailed = life.flags & FAILED != 0;
        seen.committee = CommitteeRecord.id(_record(life.committee));
        (seen.secs, seen.startedAt, seen.endedAt) = (life.secs, life.startedAt, life.endedAt);
        if (life.startedAt == 0) seen.startBy = proof.upTo;
        else (seen.attestedUpTo, seen.attestedSeconds) = (proof.upTo, proof.secs);
        (seen.enclave, seen.generation, seen.signers) = (proof.enclave, proof.generation, proof.signers);
        (seen.escrow, seen.reported, seen.createdBlock) = (life.escrow, order.reported, life.createdBlock);
    }

    /// @inheritdoc IMarket
    function usageOf(bytes32 offer) public view returns (uint256 running, uint256 runs) {
        uint256 usage = _usage[offer];
        return (uint32(usage), usage >> 32);
    }

    /// @inheritdoc IMarket
    function quote(Offer[] calldata offers, bytes32 committee, uint32 secs)
        external
        view
        returns (Lane[] memory lanes, uint256 escrow)
    {
        (lanes, escrow,) = _price(offers, committee, secs);
    }

    /// @inheritdoc IMarket
    function claimable(Terms calldata terms) external view returns (uint256[] memory amounts, uint256 refund) {
        Order storage order = _orders[idOf(terms)];
        Life memory life = Slots.lifeOf(order.life);
        if (life.state != State.ACTIVE && life.state != State.ENDED) return (new uint256[](terms.lanes.length), 0);
        (amounts, refund,,) = _reckon(terms.lanes, life, Slots.proofOf(order.proof), _countersOf(order, life), type(uint256).max);
    }

    /// @inheritdoc IMarket
    function hasReported(bytes32 id, bytes32 reportHash, bytes32 lineage) external view returns (bool) {
        return _orders[id].reported == keccak256(abi.encode(reportHash, lineage));
    }

    /// @inheritdoc IMarket
    function keyRelease(Terms calldata terms, address enclave, bytes32 build, bytes32 objectId, bytes32 offer)
        external
        view
        returns (bool ok, bytes4 reason)
    {
        Order storage order = _orders[idOf(terms)];
        Life memory life = Slots.lifeOf(order.life);
        if (life.state != State.ACTIVE) return (false, Market_WrongState.selector);
        if (block.timestamp >= _over(life)) return (false, Market_TooLate.selector);
        if (enclave == address(0) || Slots.proofOf(order.proof).enclave != enclave) return (false, Market_WrongEnclave.selector);
        if (build != 0 && !_trust.isApproved(build)) return (false, Market_BuildNotApproved.selector);
        if (offer != 0 && !_isAmong(terms.offers, offer)) return (false, Market_WrongOffer.selector);
        if (objectId != 0) {
            Standing standing = _assets.standingOf(objectId);
            // The buyer's own inputs need not be registered; what is rented was, when the order was created.
            if (standing != Standing.LIVE && !(standing == Standing.UNKNOWN && offer == 0)) {
                return (false, Market_ObjectNotLive.selector);
            }
        }
        return (true, 0);
    }

    /// @inheritdoc IMarket
    function assets() external view returns (address) {
        return address(_assets);
    }

    /// @inheritdoc IMarket
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IMarket
    function trust() external view returns (address) {
        return address(_trust);
    }

    /// @inheritdoc IMarket
    function catalog() external view returns (address) {
        return address(_catalog);
    }

    // What follows is in the order of an order's life.

    function _requireSigned(Offer[] calldata offers, bytes[] calldata signatures)
        private
        view
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](offers.length);
        for (uint256 i; i < offers.length; ++i) {
            address owner = offers[i].owner;
            hashes[i] = hashOffer(offers[i]);
            _requireStanding(i, offers[i], hashes[i]);
            if (!Votes.isBy(owner, _hashTypedData(hashes[i]), signatures[i])) revert Market_BadOfferSignature(i, owner);
        }
    }

    function _requireStanding(uint256 i, Offer calldata offer, bytes32 hash) private view {
        (uint64 epoch, bool isRevoked) = _catalog.standing(offer.owner, hash);
        if (isRevoked) revert Market_OfferRevoked(i, hash);
        if (offer.epoch != epoch) revert Market_WrongEpoch(i, epoch, offer.epoch);
    }

    function _requireSameOffer(bytes32 expected, Offer calldata offer) private pure {
        bytes32 actual = hashOffer(offer);
        if (actual != expected) revert Market_WrongOffer(expected, actual);
    }

    function _isProvider(Terms calldata terms) private view returns (bool) {
        address provider = terms.lanes[0].owner;
        return msg.sender == provider || msg.sender == _registry.keyOf(provider);
    }

    function _requireProvider(Terms calldata terms) private view {
        if (!_isProvider(terms)) revert Market_NotProvider(terms.lanes[0].owner, msg.sender);
    }

    /// Counts the order on its offers; none may have been voided since it was created.
    function _consume(Terms calldata terms, uint256 createdAt) private {
        (bytes32[] calldata offers, Lane[] calldata lanes) = (terms.offers, terms.lanes);
        address[] memory owners = new address[](offers.length);
        for (uint256 i; i < offers.length; ++i) {
            Lane calldata lane = lanes[i];
            owners[i] = lane.owner;
            uint256 limits = lane.limits;
            if (limits == 0) continue;
            (uint256 capacity, uint256 maxRuns) = (uint32(limits), limits >> 32);
            bytes32 offer = offers[i];
            (uint256 running, uint256 runs) = usageOf(offer);
            if (capacity != 0 && running++ >= capacity) revert Market_NoCapacity(offer, capacity);
            // Runs are counted either way: a slot that never returns to zero is cheaper to count in.
            if (runs++ >= maxRuns && maxRuns != 0) revert Market_NoRunsLeft(offer, maxRuns);
            _usage[offer] = runs << 32 | running;
        }
        uint256 voided = _catalog.firstVoided(owners, offers, createdAt);
        if (voided != owners.length) revert Market_OfferRevoked(voided, offers[voided]);
    }

    function _bind(
        bytes32 id,
        Order storage order,
        Proof memory proof,
        uint24 committee,
        Attestation calldata attestation,
        bytes[] calldata votes
    ) private {
        if (attestation.enclave == address(0)) revert Market_ZeroEnclave();
        if (block.timestamp > attestation.validUntil) revert Market_TooLate(attestation.validUntil);
        bytes memory record = _record(committee);
        ++proof.generation;
        bytes32 digest = _attested(id, proof.generation, attestation, CommitteeRecord.id(record));
        proof.signers |= Votes.tally(record, digest, votes);
        proof.enclave = attestation.enclave;
        order.proof = Slots.pack(proof);
        emit Bound(
            id,
            proof.enclave,
            proof.generation,
            attestation.grantKeyHash,
            attestation.build,
            attestation.evidenceHash,
            proof.signers
        );
    }

    function _requireEnclave(Order storage order, uint32 generation, bytes32 digest, bytes calldata signature)
        private
        view
    {
        Proof memory proof = Slots.proofOf(order.proof);
        if (generation != proof.generation) revert Market_WrongGeneration(proof.generation, generation);
        address signer = Votes.recover(digest, signature);
        if (signer != proof.enclave || signer == address(0)) revert Market_WrongEnclave(proof.enclave, signer);
    }

    function _vest(Order storage order, Life memory life) private {
        life.flags |= VESTED;
        order.life = Slots.pack(life);
    }

    function _isAmong(bytes32[] calldata offers, bytes32 offer) private pure returns (bool) {
        for (uint256 i; i < offers.length; ++i) if (offers[i] == offer) return true;
        return false;
    }
}
