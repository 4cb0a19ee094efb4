// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {Provider} from "../src/interfaces/IRegistry.sol";
import {Offer} from "../src/types/Offer.sol";
import {Attestation, FINETUNE, OrderState, RUN, SERVE, State, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// start, rebind, beat, report
contract MarketRunTest is Fixture {
    function _expectStart(bytes memory reason, Terms memory terms, Attestation memory a, bytes[] memory votes) private {
        vm.prank(vm.addr(PROVIDER));
        vm.expectRevert(reason);
        market.start(terms, a, votes);
    }

    // --- start ---

    function test_startRecordsTheEnclaveAndTheVoters() public {
        (bytes32 id,) = _started(FINETUNE);
        OrderState memory order = market.orderOf(id);
        assertEq(uint8(order.state), uint8(State.ACTIVE));
        assertEq(order.enclave, vm.addr(ENCLAVE));
        assertEq(order.generation, 1);
        assertEq(order.signers, 3);
        assertEq(order.startedAt, _now());
        assertEq(order.attestedUpTo, _now());
        assertEq(order.attestedSeconds, 0);
        assertEq(order.startBy, 0);
    }

    function test_startCountsEveryLimitedOffer() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        (uint256 running, uint256 runs) = market.usageOf(_hash(offers[0]));
        assertEq(running, 1);
        (running, runs) = market.usageOf(_hash(offers[1]));
        assertEq(runs, 1);
        (running, runs) = market.usageOf(_hash(offers[2]));
        assertEq(running + runs, 0);
    }

    function test_startByTheProvidersRegisteredKey() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        vm.prank(vm.addr(PROVIDER));
        registry.setProvider(Provider(STRANGER, STRANGER, "", new bytes32[](0)));
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.prank(STRANGER);
        market.start(terms, a, votes);
    }

    function test_startRefusesAnybodyElse() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotProvider.selector, vm.addr(PROVIDER), BUYER));
        market.start(terms, a, votes);
    }

    function test_startRefusesTermsThatAreNotTheOrders() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        terms.lanes[0].prices += 1;
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_WrongState.selector, market.idOf(terms), State.NONE),
            terms,
            a,
            _votes(id, 1, a)
        );
    }

    function test_startRefusesASecondStart() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.ACTIVE), terms, a, _votes(id, 2, a)
        );
    }

    function test_startUntilTheLastSecondOfTheWindow() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        uint256 startBy = _now() + START_WINDOW;
        vm.warp(startBy + 1);
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_TooLate.selector, startBy), terms, a, _votes(id, 1, a)
        );
        vm.warp(startBy);
        _start(id, terms);
    }

    function test_startRefusesAnOfferOverCapacity() public {
        Offer[] memory offers = _offers();
        (bytes32 first, Terms memory firstTerms) = _create(offers, FINETUNE);
        (bytes32 second, Terms memory secondTerms) = _create(offers, FINETUNE);
        _start(first, firstTerms);
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_NoCapacity.selector, _hash(offers[0]), 1),
            secondTerms,
            a,
            _votes(second, 1, a)
        );
        vm.prank(BUYER);
        market.end(firstTerms);
        _start(second, secondTerms);
    }

    function test_startRefusesAnOfferWithoutRunsLeft() public {
        Offer[] memory offers = _offers();
        (offers[0].capacity, offers[1].maxRuns) = (0, 2);
        for (uint256 i; i < 2; ++i) {
            (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
            _start(id, terms);
            vm.prank(BUYER);
            market.end(terms);
        }
        (bytes32 third, Terms memory thirdTerms) = _create(offers, FINETUNE);
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_NoRunsLeft.selector, _hash(offers[1]), 2),
            thirdTerms,
            a,
            _votes(third, 1, a)
        );
    }

    function test_startRefusesWhatWasRevokedMeanwhile() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        vm.prank(offers[2].owner);
        catalog.revoke("another offer");
        vm.prank(offers[1].owner);
        catalog.revoke(_hash(offers[1]));
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_OfferRevoked.selector, 1, _hash(offers[1])),
            terms,
            a,
            _votes(id, 1, a)
        );
    }

    function test_startRefusesOffersOfAnEpochBumpedMeanwhile() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        vm.warp(_now() + 5);
        vm.prank(offers[3].owner);
        catalog.bumpEpoch();
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_OfferRevoked.selector, 3, _hash(offers[3])),
            terms,
            a,
            _votes(id, 1, a)
        );
    }

    function test_startIgnoresWhatWasRevokedBeforeTheOrder() public {
        Offer[] memory offers = _offers();
        vm.prank(offers[3].owner);
        catalog.bumpEpoch();
        offers[3].epoch = 1;
        vm.warp(_now() + 1);
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
    }

    function test_startRefusesWhilePaused() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        vm.prank(PAUSER);
        market.pause();
        Attestation memory a = _attestation();
        _expectStart(
            abi.encodeWithSelector(IMarket.Market_Paused.selector, market.pausedUntil()), terms, a, _votes(id, 1, a)
        );
    }

    // --- votes ---

    function test_votesFewerThanTheCommitteeAsksFor() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _by(1, _digest(address(market), _attestedHash(id, 1, a)));
        _expectStart(abi.encodeWithSelector(IMarket.Market_TooFewVotes.selector, 2, 1), terms, a, votes);
        _expectStart(abi.encodeWithSelector(IMarket.Market_TooFewVotes.selector, 2, 0), terms, a, new bytes[](0));
    }

    function test_votesRepeatedOrOutOfOrder() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        (votes[0], votes[1]) = (votes[1], votes[0]);
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
        votes[1] = votes[0];
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
    }

    function test_votesOfAStranger() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        votes[1] = _sign(0xBAD, _digest(address(market), _attestedHash(id, 1, a)));
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
    }

    function test_votesWithHighSOrOtherLengths() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes32 digest = _digest(address(market), _attestedHash(id, 1, a));
        bytes[] memory votes = _by(2, digest);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keeperKeys[1], digest);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory good = votes[1];
        votes[1] = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
        votes[1] = abi.encodePacked(good, uint8(0));
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
        votes[1] = abi.encodePacked(r, s, v - 27);
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 1), terms, a, votes);
    }

    function testFuzz_votesForAnythingElse(uint256 what) public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        Attestation memory b = _attestation();
        uint32 generation = 1;
        what = bound(what, 0, 6);
        if (what == 0) b.enclave = STRANGER;
        if (what == 1) b.grantKeyHash = "other";
        if (what == 2) b.build = "other";
        if (what == 3) b.evidenceHash = "other";
        if (what == 4) b.validUntil += 1;
        if (what == 5) generation = 2;
        if (what == 6) id = "another order";
        _expectStart(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 0), terms, a, _votes(id, generation, b));
    }

    function test_votesUntilTheyExpire() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.warp(a.validUntil + 1);
        _expectStart(abi.encodeWithSelector(IMarket.Market_TooLate.selector, a.validUntil), terms, a, votes);
        vm.warp(a.validUntil);
        vm.prank(vm.addr(PROVIDER));
        market.start(terms, a, votes);
    }

    function test_votesForNoEnclave() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        a.enclave = address(0);
        _expectStart(abi.encodeWithSelector(IMarket.Market_ZeroEnclave.selector), terms, a, _votes(id, 1, a));
    }

    // --- rebind ---

    function test_rebindRaisesTheGeneration() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        Attestation memory a = _attestation();
        a.enclave = STRANGER;
        bytes32 digest = _digest(address(market), _attestedHash(id, 2, a));
        bytes[] memory votes = new bytes[](2);
        (votes[0], votes[1]) = (_sign(keeperKeys[1], digest), _sign(keeperKeys[2], digest));
        vm.prank(vm.addr(PROVIDER));
        market.rebind(terms, a, votes);
        OrderState memory order = market.orderOf(id);
        assertEq(order.generation, 2);
        assertEq(order.enclave, STRANGER);
        assertEq(order.signers, 7);
    }

    function test_rebindRefusesVotesOfTheStart() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.prank(vm.addr(PROVIDER));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 0));
        market.rebind(terms, a, votes);
    }

    function test_rebindRefusesStrangersAndLateness() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_NotProvider.selector, vm.addr(PROVIDER), address(this))
        );
        market.rebind(terms, _attestation(), _votes(id, 2, _attestation()));
        uint256 over = _now() + SECS;
        vm.warp(over);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 2, a);
        vm.prank(vm.addr(PROVIDER));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_TooLate.selector, over));
        market.rebind(terms, a, votes);
    }

    function test_rebindRefusesAnOrderThatDoesNotRun() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 1, a);
        vm.prank(vm.addr(PROVIDER));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.OPEN));
        market.rebind(terms, a, votes);
    }

    // --- beat ---

    function test_beatAddsTimeOnce() public {
        (bytes32 id,) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 1000);
        _beat(id, t0, t0 + 600);
        assertEq(market.orderOf(id).attestedSeconds, 600);
        // Overlaps count their new part only.
        _beat(id, t0 + 300, t0 + 900);
        assertEq(market.orderOf(id).attestedSeconds, 900);
        // Gaps stay unpaid, and cannot be filled afterwards.
        _beat(id, t0 + 950, t0 + 1000);
        assertEq(market.orderOf(id).attestedSeconds, 950);
        uint64 from = uint64(t0 + 900);
        bytes[] memory votes = _alive(id, 1, from, from + 50);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NothingNew.selector, t0 + 1000));
        market.beat(id, 1, from, from + 50, votes);
    }

    function test_beatCannotBeReplayed() public {
        (bytes32 id,) = _started(FINETUNE);
        uint64 t0 = uint64(_now());
        vm.warp(t0 + 100);
        bytes[] memory votes = _alive(id, 1, t0, t0 + 100);
        market.beat(id, 1, t0, t0 + 100, votes);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NothingNew.selector, t0 + 100));
        market.beat(id, 1, t0, t0 + 100, votes);
        assertEq(market.orderOf(id).attestedSeconds, 100);
    }

    function testFuzz_beatNeverAttestsMoreThanTheTermOrTheClock(uint256[6] memory cuts, uint256 now_) public {
        (bytes32 id,) = _started(FINETUNE);
        uint256 t0 = _now();
        now_ = t0 + bound(now_, 1, SECS + CLOSE_WINDOW);
        vm.warp(now_);
        for (uint256 i; i + 1 < 6; i += 2) {
            uint256 from = t0 + bound(cuts[i], 0, now_ - t0 - 1);
            uint256 upTo = bound(cuts[i + 1], from + 1, now_);
            uint64 f = uint64(from);
            bytes[] memory votes = _alive(id, 1, f, uint64(upTo));
            try market.beat(id, 1, f, uint64(upTo), votes) {} catch {}
            OrderState memory order = market.orderOf(id);
            assertLe(order.attestedSeconds, SECS);
            assertLe(order.attestedSeconds, order.attestedUpTo - t0);
            assertLe(order.attestedUpTo, t0 + SECS);
        }
    }

    function test_beatCutsTimeAfterTheEnd() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.warp(t0 + 500);
        vm.prank(BUYER);
        market.end(terms);
        vm.warp(t0 + 520);
        _beat(id, t0, t0 + 510);
        assertEq(market.orderOf(id).attestedSeconds, 500);
    }

    function test_beatUntilTheCloseWindowIsOver() public {
        (bytes32 id,) = _started(FINETUNE);
        uint256 t0 = _now();
        uint256 over = t0 + SECS;
        vm.warp(over + CLOSE_WINDOW);
        _beat(id, t0, t0 + 10);
        vm.warp(over + CLOSE_WINDOW + 1);
        bytes[] memory votes = _alive(id, 1, uint64(t0 + 10), uint64(t0 + 20));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_TooLate.selector, over + CLOSE_WINDOW));
        market.beat(id, 1, uint64(t0 + 10), uint64(t0 + 20), votes);
    }

    function test_beatRefusesTheFutureAndNonsense() public {
        (bytes32 id,) = _started(FINETUNE);
        uint64 t0 = uint64(_now());
        bytes[] memory votes = _alive(id, 1, t0, t0 + 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadInterval.selector, t0, t0 + 1));
        market.beat(id, 1, t0, t0 + 1, votes);
        vm.warp(t0 + 10);
        votes = _alive(id, 1, t0 + 5, t0 + 5);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadInterval.selector, t0 + 5, t0 + 5));
        market.beat(id, 1, t0 + 5, t0 + 5, votes);
    }

    function test_beatRefusesGenerationsThatWereNot() public {
        (bytes32 id,) = _started(FINETUNE);
        uint64 t0 = uint64(_now());
        vm.warp(t0 + 10);
        for (uint32 generation = 0; generation <= 2; generation += 2) {
            bytes[] memory votes = _alive(id, generation, t0, t0 + 5);
            vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongGeneration.selector, 1, generation));
            market.beat(id, generation, t0, t0 + 5, votes);
        }
    }

    function test_beatRefusesVotesForAnotherInterval() public {
        (bytes32 id,) = _started(FINETUNE);
        uint64 t0 = uint64(_now());
        vm.warp(t0 + 10);
        bytes[] memory votes = _alive(id, 1, t0, t0 + 5);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_BadVote.selector, 0));
        market.beat(id, 1, t0, t0 + 6, votes);
    }

    function test_beatRefusesAnOrderThatNeverStarted() public {
        (bytes32 id,) = _create(_offers(), SERVE);
        uint64 t0 = uint64(_now());
        bytes[] memory votes = _alive(id, 1, t0 - 2, t0 - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.OPEN));
        market.beat(id, 1, t0 - 2, t0 - 1, votes);
    }

    function test_beatVestsTheFeesOfServeOnly() public {
        (bytes32 serving,) = _started(SERVE);
        uint256 t0 = _now();
        vm.warp(t0 + 100);
        _beat(serving, t0, t0 + 100);
        assertTrue(market.orderOf(serving).isVested);
        (bytes32 tuning,) = _started(FINETUNE);
        vm.warp(t0 + 200);
        _beat(tuning, t0 + 100, t0 + 200);
        assertTrue(!market.orderOf(tuning).isVested);
    }

    function test_beatOfAnEarlierGenerationStillCounts() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint64 t0 = uint64(_now());
        vm.warp(t0 + 100);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 2, a);
        vm.prank(vm.addr(PROVIDER));
        market.rebind(terms, a, votes);
        bytes[] memory alive = _alive(id, 1, t0, t0 + 80);
        market.beat(id, 1, t0, t0 + 80, alive);
        assertEq(market.orderOf(id).attestedSeconds, 80);
    }

    // --- report ---

    function test_reportVestsTheFeesOfFinetuneAndRun() public {
        for (uint8 job = FINETUNE; job <= RUN; ++job) {
            (bytes32 id,) = _started(job);
            _report(id, "lineage");
            OrderState memory order = market.orderOf(id);
            assertTrue(order.isVested == (job != SERVE));
            assertEq(order.reported, keccak256(abi.encode(bytes32("report"), bytes32("lineage"))));
            assertTrue(market.hasReported(id, "report", "lineage"));
            assertTrue(!market.hasReported(id, "report", "other"));
        }
    }

    function test_reportOnce() public {
        (bytes32 id,) = _started(FINETUNE);
        _report(id, 0);
        bytes memory signature = _reportSignature(id, 1, "other", 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_AlreadyReported.selector, id));
        market.report(id, 1, "other", 0, signature);
    }

    function test_reportRefusesAnybodyButTheEnclave() public {
        (bytes32 id,) = _started(FINETUNE);
        bytes memory signature = _reportSignature(id, 1, "another report", 0);
        try market.report(id, 1, "report", 0, signature) {
            assertTrue(false);
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == (IMarket.Market_WrongEnclave.selector));
        }
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_WrongEnclave.selector, vm.addr(ENCLAVE), address(0))
        );
        market.report(id, 1, "report", 0, "short");
    }

    function test_reportRefusesAnEarlierGeneration() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        Attestation memory a = _attestation();
        bytes[] memory votes = _votes(id, 2, a);
        vm.prank(vm.addr(PROVIDER));
        market.rebind(terms, a, votes);
        bytes memory signature = _reportSignature(id, 1, "report", 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongGeneration.selector, 2, 1));
        market.report(id, 1, "report", 0, signature);
    }

    function test_reportUntilTheReportWindowIsOver() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        vm.prank(BUYER);
        market.end(terms);
        uint256 over = _now();
        vm.warp(over + REPORT_WINDOW + 1);
        bytes memory signature = _reportSignature(id, 1, "report", 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_TooLate.selector, over + REPORT_WINDOW));
        market.report(id, 1, "report", 0, signature);
        vm.warp(over + REPORT_WINDOW);
        _report(id, 0);
        assertTrue(market.orderOf(id).isVested);
    }

    function test_reportRefusesAnOrderThatNeverStarted() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        bytes memory signature = _reportSignature(id, 1, "report", 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.OPEN));
        market.report(id, 1, "report", 0, signature);
        vm.prank(BUYER);
        market.end(terms);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_WrongState.selector, id, State.SETTLED));
        market.report(id, 1, "report", 0, signature);
    }

    function test_reportOfAnOrderThatCostsNothing() public {
        bytes32[] memory keepers = registry.committeeOf(committee).keepers;
        for (uint256 i; i < 3; ++i) registry.renewKeeper(keepers[i], "evidence", "", 0, 0);
        registry.refreshFee(committee);
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, 1, "machine", 0, 0);
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        vm.prank(BUYER);
        market.end(terms);
        // Nothing could be owed any more, so it settled; what it made can still be reported.
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
        _report(id, "lineage");
        assertTrue(market.hasReported(id, "report", "lineage"));
    }
}
