// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Due} from "../src/interfaces/IAssets.sol";
import {COMPUTE, ENGINE, OBJECT, Offer} from "../src/types/Offer.sol";
import {Attestation, FINETUNE, Lane, OrderState, SERVE, State, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// Drives a market at random, and writes down what an honest bookkeeper would.
contract Driver is Fixture {
    bytes32[] public ids;
    Offer[] private _menu;
    mapping(bytes32 id => bytes) private _encodedTerms;
    mapping(bytes32 id => bytes) private _encodedOffers;
    /// Ghosts: locked at first and by extensions, refunded, paid; seconds from the start to the end.
    mapping(bytes32 id => uint256) public locked;
    mapping(bytes32 id => uint256) public out;
    mapping(bytes32 id => uint256[]) private _paidTo;
    mapping(bytes32 id => uint256) public mostAttested;
    bool public broken;
    bool public shrunk;

    uint256 private constant _OPEN = 1 << uint8(State.OPEN);
    uint256 private constant _ACTIVE = 1 << uint8(State.ACTIVE);
    uint256 private constant _ENDED = 1 << uint8(State.ENDED);
    uint256 private constant _ANY = type(uint256).max;

    constructor() {
        setUp();
        bytes32 tuned = _derive();
        _menu.push(_offer(PROVIDER, COMPUTE, "a", 277_777_777_777_777, 7));
        _menu.push(_offer(PROVIDER, COMPUTE, "b", 1, 0));
        _menu.push(_offer(TUNER, OBJECT, tuned, 333_333_333_333, 1_000_003));
        _menu.push(_offer(MODEL, OBJECT, model, 12e12, 11));
        _menu.push(_offer(ENGINEER, ENGINE, "e", 5, 1));
        for (uint256 i; i < _menu.length; ++i) {
            (_menu[i].expiry, _menu[i].capacity) = (type(uint64).max, uint32(i % 3));
        }
        _menu[3].maxRuns = 40;
    }

    function create(uint256 pick, uint256 job) external {
        Offer[] memory offers = new Offer[](3);
        (offers[0], offers[1], offers[2]) = (_menu[pick % 2], _menu[2 + pick % 2], _menu[4]);
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _create(offers, job % 2 == 0 ? FINETUNE : SERVE);
        ids.push(id);
        (_encodedTerms[id], _encodedOffers[id]) = (abi.encode(terms), abi.encode(offers));
        locked[id] = before - market.balanceOf(BUYER);
        for (uint256 i; i < terms.lanes.length; ++i) _paidTo[id].push(0);
    }

    function start(uint256 which) external {
        (bytes32 id, Terms memory terms) = _pick(which, _OPEN);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.prank(vm.addr(PROVIDER));
        market.start(terms, a, votes);
    }

    function rebind(uint256 which) external {
        (bytes32 id, Terms memory terms) = _pick(which, _ACTIVE);
        uint256[] memory had = _entitled(id);
        _rebind(id, terms, vm.addr(ENCLAVE));
        _requireKept(id, had, type(uint256).max);
    }

    function beat(uint256 which, uint256 from, uint256 upTo) external {
        (bytes32 id,) = _pick(which, _ACTIVE | _ENDED);
        uint256[] memory had = _entitled(id);
        OrderState memory order = market.orderOf(id);
        from = bound(from, order.startedAt, _now());
        upTo = bound(upTo, from, _now());
        _beat(id, from, upTo);
        uint256 attested = market.orderOf(id).attestedSeconds;
        if (attested < mostAttested[id] || attested > order.secs) broken = true;
        mostAttested[id] = attested;
        _requireKept(id, had, type(uint256).max);
    }

    function report(uint256 which) external {
        (bytes32 id,) = _pick(which, _ACTIVE | _ENDED);
        uint256[] memory had = _entitled(id);
        uint32 generation = market.orderOf(id).generation;
        market.report(id, generation, "report", 0, _reportSignature(id, generation, "report", 0));
        _requireKept(id, had, type(uint256).max);
    }

    function fail(uint256 which, uint256 input) external {
        (bytes32 id, Terms memory terms) = _pick(which, _ACTIVE);
        uint256[] memory had = _entitled(id);
        uint32 generation = market.orderOf(id).generation;
        uint8 blamed = input % 2 == 0 ? 255 : uint8(input % 3);
        bytes memory signature = _failSignature(id, generation, "broken", blamed);
        uint256 before = market.balanceOf(BUYER);
        market.fail(terms, generation, "broken", blamed, signature);
        out[id] += market.balanceOf(BUYER) - before;
        _requireKept(id, had, blamed);
    }

    /// The buyer may end at any time; others after the term.
    function end(uint256 which, bool isBuyer) external {
        (bytes32 id, Terms memory terms) = _pick(which, _OPEN | _ACTIVE);
        uint256[] memory had = _entitled(id);
        State state = market.orderOf(id).state;
        uint256 before = market.balanceOf(BUYER);
        vm.prank(isBuyer ? BUYER : STRANGER);
        try market.end(terms) {
            out[id] += market.balanceOf(BUYER) - before;
        } catch {
            if (isBuyer && (state == State.OPEN || state == State.ACTIVE)) broken = true;
        }
        _requireKept(id, had, type(uint256).max);
    }

    function expire(uint256 which) external {
        (bytes32 id, Terms memory terms) = _pick(which, _OPEN);
        uint256 before = market.balanceOf(BUYER);
        market.expire(terms);
        out[id] += market.balanceOf(BUYER) - before;
    }

    function extend(uint256 which, uint256 added) external {
        (bytes32 id, Terms memory terms) = _pick(which, _ACTIVE);
        uint256[] memory had = _entitled(id);
        uint256 before = market.balanceOf(BUYER);
        vm.prank(BUYER);
        market.extend(terms, _offersOf(id), uint32(bound(added, 1, 5000)), type(uint256).max);
        locked[id] += before - market.balanceOf(BUYER);
        _requireKept(id, had, type(uint256).max);
    }

    /// A claim of a running or ended order never fails, whoever asks for whatever lanes.
    function claim(uint256 which, uint256 mask) external {
        (bytes32 id, Terms memory terms) = _pick(which, _ANY);
        uint256[] memory had = _entitled(id);
        State state = market.orderOf(id).state;
        try market.claim(terms, mask) returns (uint256[] memory amounts, uint256 refund) {
            for (uint256 i; i < amounts.length; ++i) {
                out[id] += amounts[i];
                _paidTo[id][i] += amounts[i];
            }
            out[id] += refund;
        } catch {
            if (state != State.OPEN && state != State.NONE) broken = true;
        }
        _requireKept(id, had, type(uint256).max);
    }

    function pass(uint256 secs) external {
        bytes32 id = ids.length == 0 ? bytes32(0) : ids[secs % ids.length];
        uint256[] memory had = _entitled(id);
        vm.warp(_now() + bound(secs, 1, 900));
        _requireKept(id, had, type(uint256).max);
    }

    /// What each payee has had and can claim now: neither time nor anybody's call takes of it, but the enclave's own word
    /// that an input was broken.
    function _entitled(bytes32 id) private view returns (uint256[] memory sums) {
        if (_encodedTerms[id].length == 0) return sums;
        (sums,) = market.claimable(_termsOf(id));
        for (uint256 i; i < sums.length; ++i) sums[i] += _paidTo[id][i];
    }

    function _requireKept(bytes32 id, uint256[] memory had, uint256 exempt) private {
        uint256[] memory has = _entitled(id);
        for (uint256 i; i < had.length; ++i) if (i != exempt && has[i] < had[i]) shrunk = true;
    }

    // --- what must hold ---

    function escrowCoversDebts() external view returns (bool) {
        uint256 sum = market.balanceOf(BUYER);
        uint256[5] memory keys = [PROVIDER, MODEL, DATA, ENGINEER, TUNER];
        for (uint256 i; i < 5; ++i) sum += market.balanceOf(_payee(keys[i])) + market.balanceOf(vm.addr(keys[i]));
        for (uint256 i; i < 3; ++i) sum += market.balanceOf(_payee(keeperKeys[i]));
        for (uint256 i; i < ids.length; ++i) sum += market.orderOf(ids[i]).escrow;
        // The order that derived the model is not among `ids`.
        return token.balanceOf(address(market)) >= sum;
    }

    function everyOrderBalances() external view returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            if (market.orderOf(ids[i]).escrow + out[ids[i]] != locked[ids[i]]) return false;
        }
        return true;
    }

    function paidTimeIsAttestedTime() external view returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            OrderState memory order = market.orderOf(ids[i]);
            Lane[] memory lanes = _termsOf(ids[i]).lanes;
            for (uint256 j; j < lanes.length; ++j) {
                uint256 most = uint256(lanes[j].perSecond()) * order.attestedSeconds / 1e12;
                if (order.isVested) most += lanes[j].perOrder();
                if (_paidTo[ids[i]][j] > most) return false;
            }
        }
        return true;
    }

    function settledOrdersLockNothing() external view returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            OrderState memory order = market.orderOf(ids[i]);
            if (order.state == State.SETTLED && order.escrow != 0) return false;
        }
        return true;
    }

    function runningIsCounted() external view returns (bool) {
        for (uint256 i; i < _menu.length; ++i) {
            bytes32 hash = _hash(_menu[i]);
            uint256 expected;
            for (uint256 j; j < ids.length; ++j) {
                if (market.orderOf(ids[j]).state != State.ACTIVE) continue;
                for (uint256 k; k < 3; ++k) if (_termsOf(ids[j]).offers[k] == hash) ++expected;
            }
            (uint256 running, uint256 runs) = market.usageOf(hash);
            if (_menu[i].capacity != 0 && (running != expected || running > _menu[i].capacity)) return false;
            if (_menu[i].maxRuns != 0 && runs > _menu[i].maxRuns) return false;
        }
        return true;
    }

    function keysOnlyWhileActive() external view returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            (bool ok,) = market.keyRelease(_termsOf(ids[i]), vm.addr(ENCLAVE), BUILD, 0, 0);
            OrderState memory order = market.orderOf(ids[i]);
            bool isRunning = order.state == State.ACTIVE && _now() < order.startedAt + order.secs;
            if (ok != isRunning) return false;
        }
        return true;
    }

    function royaltiesAreWhatTheTableSays() external view returns (bool) {
        for (uint256 i; i < ids.length; ++i) {
            Offer[] memory offers = _offersOf(ids[i]);
            (,, Due[] memory dues) = assets.duesOf(offers[1].subject);
            Lane[] memory lanes = _termsOf(ids[i]).lanes;
            if (lanes.length != 4 + dues.length) return false;
            for (uint256 j; j < dues.length; ++j) {
                if (lanes[3 + j].payee != dues[j].owner) return false;
                if (uint256(lanes[3 + j].perSecond()) * 10_000 < uint256(offers[1].perSecond) * dues[j].royalty.bps) {
                    return false;
                }
                if (lanes[3 + j].perSecond() < dues[j].royalty.floorPerSecond) return false;
            }
        }
        return true;
    }

    /// Long after everything, whatever happened, everybody can be paid and nothing stays locked.
    function everythingSettlesInTheEnd() external returns (bool) {
        vm.warp(_now() + 365 days);
        for (uint256 i; i < ids.length; ++i) {
            Terms memory terms = _termsOf(ids[i]);
            State state = market.orderOf(ids[i]).state;
            if (state == State.OPEN) market.expire(terms);
            if (state == State.ACTIVE) market.end(terms);
            if (market.orderOf(ids[i]).state != State.SETTLED) market.claim(terms, type(uint256).max);
            OrderState memory order = market.orderOf(ids[i]);
            if (order.state != State.SETTLED || order.escrow != 0) return false;
        }
        for (uint256 i; i < _menu.length; ++i) {
            (uint256 running,) = market.usageOf(_hash(_menu[i]));
            if (running != 0) return false;
        }
        return true;
    }

    function _termsOf(bytes32 id) private view returns (Terms memory) {
        return abi.decode(_encodedTerms[id], (Terms));
    }

    function _offersOf(bytes32 id) private view returns (Offer[] memory) {
        return abi.decode(_encodedOffers[id], (Offer[]));
    }

    /// One of the orders that are in one of these states.
    function _pick(uint256 which, uint256 states) private view returns (bytes32 id, Terms memory terms) {
        for (uint256 i; i < ids.length; ++i) {
            id = ids[(which % ids.length + i) % ids.length];
            if (states >> uint8(market.orderOf(id).state) & 1 != 0) return (id, _termsOf(id));
        }
        revert("no such order");
    }
}

contract Invariants {
    Driver private _driver;

    function setUp() public {
        _driver = new Driver();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_driver);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](11);
        selectors[0] = Driver.create.selector;
        selectors[1] = Driver.start.selector;
        selectors[2] = Driver.rebind.selector;
        selectors[3] = Driver.beat.selector;
        selectors[4] = Driver.report.selector;
        selectors[5] = Driver.fail.selector;
        selectors[6] = Driver.end.selector;
        selectors[7] = Driver.expire.selector;
        selectors[8] = Driver.extend.selector;
        selectors[9] = Driver.claim.selector;
        selectors[10] = Driver.pass.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_driver), selectors);
    }

    function invariant_escrowCoversDebts() public view {
        require(_driver.escrowCoversDebts());
    }

    function invariant_everyOrderBalances() public view {
        require(_driver.everyOrderBalances());
    }

    function invariant_paidTimeIsAttestedTime() public view {
        require(_driver.paidTimeIsAttestedTime());
    }

    function invariant_settledOrdersLockNothing() public view {
        require(_driver.settledOrdersLockNothing());
    }

    function invariant_runningOrdersAreCounted() public view {
        require(_driver.runningIsCounted());
    }

    function invariant_keysOnlyWhileActive() public view {
        require(_driver.keysOnlyWhileActive());
    }

    function invariant_royaltiesAreWhatTheTableSays() public view {
        require(_driver.royaltiesAreWhatTheTableSays());
    }

    function invariant_nobodyElseReducesWhatAPayeeCanClaim() public view {
        require(!_driver.shrunk());
    }

    function invariant_buyersCanEndAndPayeesCanClaim() public view {
        require(!_driver.broken());
    }

    function afterInvariant() public {
        require(_driver.everythingSettlesInTheEnd(), "something stays locked");
    }
}
