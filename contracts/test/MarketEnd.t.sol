// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {Lanes} from "../src/lib/Lanes.sol";
import {COMPUTE, ENGINE, OBJECT, Offer} from "../src/types/Offer.sol";
import {Attestation, FINETUNE, Lane, OrderState, Request, SERVE, State, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// end, fail, stop, expire, extend, claim
contract MarketEndTest is Fixture {
    uint256 private constant ALL = type(uint256).max;

    function _paid(Terms memory terms, uint256 secs, bool withFees) private pure returns (uint256 sum) {
        for (uint256 i; i < terms.lanes.length; ++i) {
            sum += Lanes.earned(terms.lanes[i].perSecond(), secs) + (withFees ? terms.lanes[i].perOrder() : 0);
        }
    }

    // --- end ---

    function test_endOfAnOpenOrderRefundsEverything() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotParty.selector, address(this)));
        market.end(terms);
        vm.prank(vm.addr(PROVIDER));
        market.end(terms);
        assertEq(market.balanceOf(BUYER), before);
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
        assertEq(market.orderOf(id).escrow, 0);
    }

    function test_endReturnsUnusedTimeAtOnce() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 1000);
        _beat(id, t0, t0 + 900);
        vm.prank(BUYER);
        market.end(terms);
        // 900 proved seconds, 100 that may be proved yet, and the fees stay.
        assertEq(before - market.balanceOf(BUYER), _paid(terms, 1000, true));
        OrderState memory order = market.orderOf(id);
        assertEq(order.endedAt, t0 + 1000);
        assertEq(order.escrow, _paid(terms, 1000, true));
        assertEq(uint8(order.state), uint8(State.ENDED));
    }

    function test_endByAnybodyOnlyAfterTheTerm() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 over = _now() + SECS;
        vm.warp(over - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotParty.selector, address(this)));
        market.end(terms);
        vm.warp(over + 50);
        market.end(terms);
        // Late callers do not lengthen the term.
        assertEq(market.orderOf(id).endedAt, over);
    }

    function test_endTwice() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        vm.prank(BUYER);
        market.end(terms);
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.ENDED));
        market.end(terms);
    }

    function test_endReleasesCapacity() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        vm.prank(BUYER);
        market.end(terms);
        (uint256 running,) = market.usageOf(_hash(offers[0]));
        assertEq(running, 0);
    }

    function test_feesReturnWhenNoReportCame() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 1000);
        _beat(id, t0, t0 + 1000);
        vm.prank(BUYER);
        market.end(terms);
        vm.warp(t0 + 1000 + REPORT_WINDOW);
        market.claim(terms, ALL);
        assertEq(market.orderOf(id).escrow, _paid(terms, 0, true));
        vm.warp(t0 + 1000 + REPORT_WINDOW + 1);
        market.claim(terms, 0);
        assertEq(before - market.balanceOf(BUYER), _paid(terms, 1000, false));
        assertEq(market.orderOf(id).escrow, 0);
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
    }

    function test_aReportAfterTheEndStillVests() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 1000);
        // Ended just before the report: everybody is paid for what was delivered.
        vm.prank(BUYER);
        market.end(terms);
        vm.warp(t0 + 1010);
        _beat(id, t0, t0 + 1005);
        _report(id, 0);
        market.claim(terms, ALL);
        assertEq(before - market.balanceOf(BUYER), _paid(terms, 1000, true));
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
    }

    function test_unprovedTimeReturnsAfterTheCloseWindow() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 1000);
        _beat(id, t0, t0 + 400);
        _report(id, 0);
        vm.prank(BUYER);
        market.end(terms);
        vm.warp(t0 + 1000 + CLOSE_WINDOW + 1);
        (uint256[] memory amounts, uint256 refund) = market.claimable(terms);
        (uint256[] memory got, uint256 returned) = market.claim(terms, ALL);
        for (uint256 i; i < got.length; ++i) assertEq(got[i], amounts[i]);
        assertEq(returned, refund);
        assertEq(before - market.balanceOf(BUYER), _paid(terms, 400, true));
        assertEq(market.orderOf(id).escrow, 0);
    }

    function test_aServingOrderThatWasNeverProvedCostsNothing() public {
        uint256 before = market.balanceOf(BUYER);
        (, Terms memory terms) = _started(SERVE);
        uint256 t0 = _now();
        vm.warp(t0 + SECS + CLOSE_WINDOW + 1);
        market.end(terms);
        assertEq(market.balanceOf(BUYER), before);
    }

    // --- expire ---

    function test_expireRefundsAMissedStart() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        uint256 startBy = _now() + START_WINDOW;
        vm.warp(startBy);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_TooEarly.selector, startBy + 1));
        market.expire(terms);
        vm.warp(startBy + 1);
        vm.prank(STRANGER);
        market.expire(terms);
        assertEq(market.balanceOf(BUYER), before);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.SETTLED));
        market.expire(terms);
    }

    // --- fail ---

    function test_failPaysTheBlamedInputNothingAndNobodyAFee() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 before = market.balanceOf(BUYER);
        uint256 t0 = _now();
        vm.warp(t0 + 100);
        _beat(id, t0, t0 + 100);
        bytes memory signature = _failSignature(id, 1, "broken", 2);
        vm.prank(STRANGER);
        market.fail(terms, 1, "broken", 2, signature);
        (uint256[] memory amounts,) = market.claim(terms, ALL);
        for (uint256 i; i < amounts.length; ++i) {
            assertEq(amounts[i], i == 2 ? 0 : Lanes.earned(terms.lanes[i].perSecond(), 100));
        }
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
        assertTrue(market.balanceOf(BUYER) > before);
        bytes memory report = _reportSignature(id, 1, "report", 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_AlreadyFailed.selector, id));
        market.report(id, 1, "report", 0, report);
    }

    function test_failOfServeDoesNotVestAtALaterBeat() public {
        (bytes32 id, Terms memory terms) = _started(SERVE);
        uint256 t0 = _now();
        vm.warp(t0 + 100);
        bytes memory signature = _failSignature(id, 1, "broken", 255);
        market.fail(terms, 1, "broken", 255, signature);
        _beat(id, t0, t0 + 100);
        assertTrue(!market.orderOf(id).isVested);
        (uint256[] memory amounts,) = market.claim(terms, ALL);
        for (uint256 i; i < amounts.length; ++i) assertEq(amounts[i], Lanes.earned(terms.lanes[i].perSecond(), 100));
    }

    function test_failRefusesAnybodyButTheEnclaveAndUnknownInputs() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        bytes memory signature = _failSignature(id, 1, "broken", 4);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadInput.selector, 4));
        market.fail(terms, 1, "broken", 4, signature);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongGeneration.selector, 1, 2));
        market.fail(terms, 2, "broken", 3, signature);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_WrongEnclave.selector, vm.addr(ENCLAVE), address(0))
        );
        market.fail(terms, 1, "broken", 3, "");
    }

    // --- stop ---

    function test_stopEndsAnOrderOnAHaltedObjectAndForfeitsItsLane() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        uint256 t0 = _now();
        vm.warp(t0 + 100);
        _beat(id, t0, t0 + 100);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_ObjectIsLive.selector, model));
        market.stop(terms, offers[1], 1);
        vm.prank(vm.addr(MODEL));
        assets.halt(model);
        vm.prank(STRANGER);
        market.stop(terms, offers[1], 1);
        (uint256[] memory amounts,) = market.claim(terms, ALL);
        assertEq(amounts[1], 0);
        assertEq(amounts[0], Lanes.earned(terms.lanes[0].perSecond(), 100));
        assertEq(amounts[2], Lanes.earned(terms.lanes[2].perSecond(), 100));
    }

    function test_stopRefusesOtherOffersAndKinds() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        vm.prank(vm.addr(DATA));
        assets.retire(data);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_WrongOffer.selector, _hash(offers[1]), _hash(offers[2]))
        );
        market.stop(terms, offers[2], 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadKind.selector, 3, ENGINE));
        market.stop(terms, offers[3], 3);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadInput.selector, 4));
        market.stop(terms, offers[3], 4);
        market.stop(terms, offers[2], 2);
    }

    // --- extend ---

    function test_extendAtTheLanesAgreed() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, SERVE);
        _start(id, terms);
        uint256 before = market.balanceOf(BUYER);
        uint256 escrow = market.orderOf(id).escrow;
        uint256 added;
        for (uint256 i; i < terms.lanes.length; ++i) {
            added += Lanes.locked(terms.lanes[i].perSecond(), SECS + 500) - Lanes.locked(terms.lanes[i].perSecond(), SECS);
        }
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_EscrowOverMax.selector, added, added - 1));
        market.extend(terms, offers, 500, added - 1);
        vm.prank(BUYER);
        market.extend(terms, offers, 500, added);
        assertEq(before - market.balanceOf(BUYER), added);
        assertEq(market.orderOf(id).escrow, escrow + added);
        assertEq(market.orderOf(id).secs, SECS + 500);
        vm.warp(_now() + SECS + 100);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotParty.selector, address(this)));
        market.end(terms);
    }

    function test_extendWithinEveryOffersLimits() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, SERVE);
        _start(id, terms);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotBuyer.selector, BUYER, address(this)));
        market.extend(terms, offers, 1, ALL);
        vm.startPrank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_LengthMismatch.selector, 4, 1));
        market.extend(terms, new Offer[](1), 1, ALL);
        uint32 tooLong = uint32(30 days) - SECS + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_TermOutOfRange.selector, 0, 30 days + 1, 60, 30 days)
        );
        market.extend(terms, offers, tooLong, ALL);
        Offer memory dearer = offers[1];
        offers[1] = offers[2];
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_WrongOffer.selector, terms.offers[1], terms.offers[2])
        );
        market.extend(terms, offers, 1, ALL);
        offers[1] = dearer;
        vm.stopPrank();

        vm.prank(vm.addr(DATA));
        assets.halt(data);
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_ObjectNotLive.selector, data));
        market.extend(terms, offers, 1, ALL);
        vm.prank(vm.addr(DATA));
        assets.resume(data);
        vm.prank(vm.addr(ENGINEER));
        catalog.bumpEpoch();
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongEpoch.selector, 3, 1, 0));
        market.extend(terms, offers, 1, ALL);
    }

    function test_extendNotAfterTheTerm() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, SERVE);
        _start(id, terms);
        uint256 over = _now() + SECS;
        vm.warp(over);
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_TooLate.selector, over));
        market.extend(terms, offers, 1, ALL);
    }

    // --- claim ---

    function test_claimPaysEachPayeeAlone() public {
        (bytes32 id, Terms memory terms) = _started(SERVE);
        uint256 t0 = _now();
        vm.warp(t0 + 60);
        _beat(id, t0, t0 + 60);
        market.claim(terms, 1 << 1);
        assertEq(market.balanceOf(_payee(MODEL)), terms.lanes[1].perOrder() + Lanes.earned(terms.lanes[1].perSecond(), 60));
        assertEq(market.balanceOf(_payee(PROVIDER)), 0);
        // Nothing is paid twice.
        uint256 had = market.balanceOf(_payee(MODEL));
        market.claim(terms, 1 << 1);
        assertEq(market.balanceOf(_payee(MODEL)), had);
    }

    function test_claimSplitsTheKeepersLaneAmongThoseWhoVoted() public {
        (bytes32 id, Terms memory terms) = _started(SERVE);
        uint256 t0 = _now();
        vm.warp(t0 + 61);
        _beat(id, t0, t0 + 61);
        uint256 sum = 300 + Lanes.earned(9e12, 61);
        uint256[] memory masks = new uint256[](1);
        Terms[] memory many = new Terms[](1);
        (many[0], masks[0]) = (terms, ALL);
        market.claimMany(many, masks);
        address[] memory payees = registry.committeeOf(committee).payees;
        assertEq(market.balanceOf(payees[0]), sum / 2 + sum % 2);
        assertEq(market.balanceOf(payees[1]), sum / 2);
        assertEq(market.balanceOf(payees[2]), 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_LengthMismatch.selector, 1, 0));
        market.claimMany(many, new uint256[](0));
    }

    function test_claimOfAnOpenOrUnknownOrder() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.OPEN));
        market.claim(terms, ALL);
        terms.secs += 1;
        bytes32 other = market.idOf(terms);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, other, State.NONE));
        market.claim(terms, ALL);
    }

    function test_claimOfASettledOrderPaysNothing() public {
        (, Terms memory terms) = _create(_offers(), FINETUNE);
        vm.prank(BUYER);
        market.end(terms);
        (uint256[] memory amounts, uint256 refund) = market.claim(terms, ALL);
        assertEq(amounts.length, terms.lanes.length);
        assertEq(refund, 0);
    }

    /// Paying in any steps, by any lanes, pays what paying once at the end would.
    function testFuzz_claimInStepsPaysTheSame(uint128[3] memory rates, uint256[4] memory steps, uint256 masks) public {
        Offer[] memory offers = new Offer[](3);
        for (uint256 i; i < 3; ++i) {
            uint256 rate = bound(rates[i], 0, 1e21);
            uint128 fee = uint128(rate / 1e6);
            offers[i] = i == 0
                ? _offer(PROVIDER, COMPUTE, "machine", uint128(rate), fee)
                : i == 1 ? _offer(MODEL, OBJECT, model, uint128(rate), fee) : _offer(ENGINEER, ENGINE, 0, uint128(rate), fee);
        }
        _fund(BUYER, 1e20);
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _create(offers, SERVE);
        _start(id, terms);
        uint256 t0 = _now();
        uint256 upTo = t0;
        for (uint256 i; i < 4; ++i) {
            uint256 next = upTo + bound(steps[i], 1, 400);
            vm.warp(next);
            _beat(id, upTo, next);
            upTo = next;
            market.claim(terms, uint8(masks >> (8 * i)));
        }
        vm.prank(BUYER);
        market.end(terms);
        market.claim(terms, ALL);
        uint256 spent = before - market.balanceOf(BUYER);
        assertEq(spent, _paid(terms, upTo - t0, true));
        assertEq(
            market.balanceOf(_payee(PROVIDER)),
            Lanes.earned(terms.lanes[0].perSecond(), upTo - t0) + terms.lanes[0].perOrder()
        );
        assertEq(market.orderOf(id).escrow, 0);
    }

    /// At one unit and at the largest price that an order can hold, nobody is paid more than was locked.
    function testFuzz_moneyIsConservedAtTheExtremes(uint128 rate, uint128 fee, uint32 secs, uint32 used) public {
        secs = uint32(bound(secs, 60, 30 days));
        used = uint32(bound(used, 1, secs));
        rate = uint128(bound(rate, 0, (uint256(1) << 87) * 1e12 / secs));
        fee = uint128(bound(fee, 0, uint256(1) << 87));
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", rate, fee);
        (, uint256 escrow) = market.quote(offers, committee, secs);
        if (escrow > type(uint88).max) return;
        _fund(BUYER, escrow * 2);
        Request memory request = _request(SERVE);
        request.secs = secs;
        Terms memory terms = _terms(offers, request);
        bytes[] memory signatures = _signatures(offers);
        uint256 before = market.balanceOf(BUYER);
        vm.prank(BUYER);
        bytes32 id = market.create(offers, signatures, request);
        _start(id, terms);
        uint256 t0 = _now();
        vm.warp(t0 + used);
        _beat(id, t0, t0 + used);
        vm.prank(BUYER);
        market.end(terms);
        (uint256[] memory amounts,) = market.claim(terms, ALL);
        uint256 paid;
        for (uint256 i; i < amounts.length; ++i) paid += amounts[i];
        assertEq(before - market.balanceOf(BUYER), paid);
        assertEq(paid, _paid(terms, used, true));
        assertLe(paid, escrow);
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
    }
}
