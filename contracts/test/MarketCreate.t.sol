// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Due, Royalty} from "../src/interfaces/IAssets.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {Lanes} from "../src/lib/Lanes.sol";
import {COMPUTE, ENGINE, OBJECT, Offer} from "../src/types/Offer.sol";
import {FINETUNE, Lane, OrderState, Request, SERVE, State, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// A wallet that signs as a contract: it accepts one digest.
contract Wallet {
    bytes32 public accepted;

    function accept(bytes32 digest) external {
        accepted = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == accepted ? this.isValidSignature.selector : bytes4(0);
    }
}

contract MarketCreateTest is Fixture {
    function _expect(bytes memory reason, Offer[] memory offers, Request memory request) private {
        bytes[] memory signatures = _signatures(offers);
        vm.prank(BUYER);
        vm.expectRevert(reason);
        market.create(offers, signatures, request);
    }

    function test_locksThePriceOfEveryLane() public {
        uint256 before = market.balanceOf(BUYER);
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        OrderState memory order = market.orderOf(id);
        uint256 expected;
        for (uint256 i; i < terms.lanes.length; ++i) {
            expected += terms.lanes[i].perOrder() + Lanes.locked(terms.lanes[i].perSecond(), SECS);
        }
        assertEq(order.escrow, expected);
        assertEq(before - market.balanceOf(BUYER), expected);
        assertEq(uint8(order.state), uint8(State.OPEN));
        assertEq(order.startBy, _now() + START_WINDOW);
        assertEq(order.committee, committee);
        assertEq(order.createdBlock, block.number);
        assertEq(order.job, FINETUNE);
    }

    function test_givesTheIdThatTheTermsCommitTo() public {
        (bytes32 id, Terms memory terms) = _create(_offers(), FINETUNE);
        bytes32 offers = keccak256(abi.encodePacked(terms.offers));
        bytes32 expected = keccak256(
            abi.encode(
                keccak256("allod/order/v1"),
                block.chainid,
                address(market),
                BUYER,
                terms.salt,
                offers,
                keccak256(abi.encode(terms.lanes)),
                SPEC,
                uint256(SECS)
            )
        );
        assertEq(id, expected);
        assertEq(market.idOf(terms), expected);
        terms.lanes[0].payee = STRANGER;
        assertTrue(market.idOf(terms) != expected);
    }

    function test_laneOrderIsOffersThenRoyaltiesThenKeepers() public {
        bytes32 tuned = _derive();
        Offer[] memory offers = new Offer[](3);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1e12, 0);
        offers[1] = _offer(TUNER, OBJECT, tuned, 100e12, 1000);
        offers[2] = _offer(ENGINEER, ENGINE, "engine", 1e12, 0);
        (Lane[] memory lanes,) = market.quote(offers, committee, SECS);
        assertEq(lanes.length, 5);
        assertEq(lanes[0].payee, _payee(PROVIDER));
        assertEq(lanes[1].payee, _payee(TUNER));
        assertEq(lanes[2].payee, _payee(ENGINEER));
        assertEq(lanes[3].payee, vm.addr(MODEL));
        assertEq(lanes[4].payee, registry.recordOf(1));
        assertEq(lanes[4].perSecond(), 9e12);
        assertEq(lanes[4].perOrder(), 300);
        // 10% of the gross price, out of the owner's part.
        assertEq(lanes[1].perSecond(), 90e12);
        assertEq(lanes[3].perSecond(), 10e12);
        assertEq(lanes[1].perOrder(), 900);
        assertEq(lanes[3].perOrder(), 100);
    }

    function test_floorsComeOnTopOfThePrice() public {
        bytes32 tuned = _derive();
        Offer[] memory offers = new Offer[](2);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1e12, 0);
        offers[1] = _offer(TUNER, OBJECT, tuned, 0, 0);
        (Lane[] memory lanes, uint256 escrow) = market.quote(offers, committee, SECS);
        assertEq(lanes[1].perSecond(), 0);
        assertEq(lanes[2].perSecond(), 2e12);
        assertEq(lanes[2].perOrder(), 50);
        assertEq(escrow, (1 + 2 + 9) * uint256(SECS) + 50 + 300);
    }

    function testFuzz_royaltiesAreNeverBelowTheTable(uint128 perSecond, uint128 perOrder) public {
        bytes32 tuned = _derive();
        Offer[] memory offers = new Offer[](2);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1e12, 0);
        offers[1] = _offer(TUNER, OBJECT, tuned, perSecond, perOrder);
        (Lane[] memory lanes,) = market.quote(offers, committee, SECS);
        (,, Due[] memory dues) = assets.duesOf(tuned);
        assertEq(dues.length, 1);
        for (uint256 i; i < dues.length; ++i) {
            Royalty memory royalty = dues[i].royalty;
            Lane memory lane = lanes[2 + i];
            assertLe(uint256(perSecond) * royalty.bps, uint256(lane.perSecond()) * 10_000);
            assertLe(royalty.floorPerSecond, lane.perSecond());
            assertLe(uint256(perOrder) * royalty.bps, uint256(lane.perOrder()) * 10_000);
            assertLe(royalty.floorPerOrder, lane.perOrder());
        }
        // The owner earns no more than the rest of the price, and the buyer pays at least the price.
        assertLe(perSecond, uint256(lanes[1].perSecond()) + lanes[2].perSecond());
        assertLe(uint256(lanes[1].perSecond()) * 10_000, uint256(perSecond) * 9_000);
    }

    function test_acceptsAContractAsOwner() public {
        Wallet wallet = new Wallet();
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1e12, 0);
        offers[0].owner = address(wallet);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = "anything";
        Request memory request = _request(FINETUNE);
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_BadOfferSignature.selector, 0, address(wallet))
        );
        market.create(offers, signatures, request);
        wallet.accept(_digest(address(market), _hash(offers[0])));
        vm.prank(BUYER);
        market.create(offers, signatures, request);
    }

    function test_consumesNoCapacity() public {
        Offer[] memory offers = _offers();
        _create(offers, FINETUNE);
        _create(offers, FINETUNE);
        (uint256 running, uint256 runs) = market.usageOf(_hash(offers[0]));
        assertEq(running + runs, 0);
    }

    function test_refusesTheSameOrderTwice() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        bytes32 id = market.idOf(_terms(offers, request));
        bytes[] memory signatures = _signatures(offers);
        vm.prank(BUYER);
        market.create(offers, signatures, request);
        _expect(abi.encodeWithSelector(IMarket.Market_OrderExists.selector, id), offers, request);
    }

    function test_refusesUnknownJobs() public {
        _expect(abi.encodeWithSelector(IMarket.Market_BadJob.selector, 0), _offers(), _request(0));
        _expect(abi.encodeWithSelector(IMarket.Market_BadJob.selector, 4), _offers(), _request(4));
    }

    function test_refusesNoOffersAndTooMany() public {
        _expect(
            abi.encodeWithSelector(IMarket.Market_BadOfferCount.selector, 0, 7), new Offer[](0), _request(FINETUNE)
        );
        Offer[] memory offers = new Offer[](8);
        for (uint256 i; i < 8; ++i) offers[i] = _offer(PROVIDER, COMPUTE, "machine", 1, 0);
        _expect(abi.encodeWithSelector(IMarket.Market_BadOfferCount.selector, 8, 7), offers, _request(FINETUNE));
    }

    function test_refusesMoreLanesThanEight() public {
        bytes32 tuned = _derive();
        Offer[] memory offers = new Offer[](7);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1, 0);
        offers[1] = _offer(TUNER, OBJECT, tuned, 1, 0);
        for (uint256 i = 2; i < 7; ++i) offers[i] = _offer(ENGINEER, ENGINE, "engine", 1, 0);
        _expect(abi.encodeWithSelector(IMarket.Market_TooManyLanes.selector, 8), offers, _request(FINETUNE));
    }

    function test_refusesAMissingSignature() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_LengthMismatch.selector, 4, 3));
        market.create(offers, new bytes[](3), request);
    }

    function test_refusesKindsOutOfPlace() public {
        Offer[] memory offers = _offers();
        offers[0].kind = ENGINE;
        _expect(abi.encodeWithSelector(IMarket.Market_BadKind.selector, 0, ENGINE), offers, _request(FINETUNE));
        offers = _offers();
        offers[3].kind = COMPUTE;
        _expect(abi.encodeWithSelector(IMarket.Market_BadKind.selector, 3, COMPUTE), offers, _request(FINETUNE));
        offers[3].kind = 4;
        _expect(abi.encodeWithSelector(IMarket.Market_BadKind.selector, 3, 4), offers, _request(FINETUNE));
    }

    function test_refusesAnotherToken() public {
        Offer[] memory offers = _offers();
        offers[2].token = STRANGER;
        _expect(
            abi.encodeWithSelector(IMarket.Market_WrongToken.selector, 2, address(token), STRANGER),
            offers,
            _request(FINETUNE)
        );
    }

    function test_refusesAnExpiredOffer() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        vm.warp(_now() + DAY);
        bytes[] memory signatures = _signatures(offers);
        vm.prank(BUYER);
        market.create(offers, signatures, request);
        vm.warp(_now() + 1);
        _expect(
            abi.encodeWithSelector(IMarket.Market_OfferExpired.selector, 0, offers[0].expiry),
            offers,
            _request(FINETUNE)
        );
    }

    function test_refusesARevokedOffer() public {
        Offer[] memory offers = _offers();
        bytes32 hash = _hash(offers[1]);
        // Somebody else's revocation changes nothing.
        catalog.revoke(hash);
        _create(offers, FINETUNE);
        vm.prank(offers[1].owner);
        catalog.revoke(hash);
        _expect(abi.encodeWithSelector(IMarket.Market_OfferRevoked.selector, 1, hash), offers, _request(FINETUNE));
    }

    function test_refusesAnOfferOfAnotherEpoch() public {
        Offer[] memory offers = _offers();
        vm.prank(offers[2].owner);
        catalog.bumpEpoch();
        _expect(abi.encodeWithSelector(IMarket.Market_WrongEpoch.selector, 2, 1, 0), offers, _request(FINETUNE));
        offers[2].epoch = 1;
        _create(offers, FINETUNE);
    }

    function testFuzz_refusesATermOutsideAnyOffer(uint32 secs) public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        request.secs = secs;
        if (secs >= offers[0].minSeconds && secs <= offers[0].maxSeconds) return;
        _expect(
            abi.encodeWithSelector(
                IMarket.Market_TermOutOfRange.selector, 0, secs, offers[0].minSeconds, offers[0].maxSeconds
            ),
            offers,
            request
        );
    }

    function test_refusesATermThatCountersCannotHold() public {
        Offer[] memory offers = _offers();
        for (uint256 i; i < 4; ++i) (offers[i].minSeconds, offers[i].maxSeconds) = (0, type(uint32).max);
        Request memory request = _request(FINETUNE);
        request.secs = 1 << 31;
        _expect(
            abi.encodeWithSelector(IMarket.Market_TermOutOfRange.selector, 0, 1 << 31, 0, Lanes.MAX_SECS),
            offers,
            request
        );
        request.secs = 0;
        _expect(
            abi.encodeWithSelector(IMarket.Market_TermOutOfRange.selector, 0, 0, 0, Lanes.MAX_SECS), offers, request
        );
    }

    function test_refusesAnObjectOfAnotherCommittee() public {
        Offer[] memory offers = _offers();
        offers[1].committee = "another";
        _expect(
            abi.encodeWithSelector(IMarket.Market_WrongCommittee.selector, 1, committee, bytes32("another")),
            offers,
            _request(FINETUNE)
        );
    }

    function test_refusesAnUnknownCommittee() public {
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 1, 0);
        Request memory request = _request(FINETUNE);
        request.committee = "nobody";
        _expect(abi.encodeWithSelector(IMarket.Market_UnknownCommittee.selector, bytes32("nobody")), offers, request);
        request.committee = 0;
        _expect(abi.encodeWithSelector(IMarket.Market_UnknownCommittee.selector, bytes32(0)), offers, request);
    }

    function test_refusesAnOfferThatItsOwnerDidNotSign() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        bytes[] memory signatures = _signatures(offers);
        signatures[3] = signatures[2];
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_BadOfferSignature.selector, 3, vm.addr(ENGINEER))
        );
        market.create(offers, signatures, request);
    }

    function testFuzz_refusesAnOfferAlteredInAnyField(uint256 field) public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        bytes[] memory signatures = _signatures(offers);
        field = bound(field, 0, 7);
        Offer memory o = offers[3];
        if (field == 0) o.payee = STRANGER;
        if (field == 1) o.subject = "other";
        if (field == 2) o.perSecond += 1;
        if (field == 3) o.perOrder += 1;
        if (field == 4) o.terms = "other";
        if (field == 5) o.capacity += 1;
        if (field == 6) o.maxRuns += 1;
        if (field == 7) o.salt = "other";
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_BadOfferSignature.selector, 3, vm.addr(ENGINEER))
        );
        market.create(offers, signatures, request);
    }

    function test_refusesSignaturesOfAnotherChainAndOfAnotherMarket() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        bytes[] memory signatures = _signatures(offers);
        vm.chainId(99);
        vm.prank(BUYER);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_BadOfferSignature.selector, 0, vm.addr(PROVIDER))
        );
        market.create(offers, signatures, request);
    }

    function test_refusesAnObjectOfAnotherOwner() public {
        Offer[] memory offers = _offers();
        offers[1].subject = data;
        _expect(
            abi.encodeWithSelector(
                IMarket.Market_NotObjectOwner.selector, 1, vm.addr(DATA), vm.addr(MODEL)
            ),
            offers,
            _request(FINETUNE)
        );
        offers[1].subject = "unregistered";
        _expect(
            abi.encodeWithSelector(IMarket.Market_NotObjectOwner.selector, 1, address(0), vm.addr(MODEL)),
            offers,
            _request(FINETUNE)
        );
    }

    function test_refusesAHaltedObject() public {
        vm.prank(vm.addr(MODEL));
        assets.halt(model);
        _expect(
            abi.encodeWithSelector(IMarket.Market_ObjectNotLive.selector, model), _offers(), _request(FINETUNE)
        );
        vm.prank(vm.addr(MODEL));
        assets.resume(model);
        _create(_offers(), FINETUNE);
        vm.prank(vm.addr(MODEL));
        assets.retire(model);
        _expect(
            abi.encodeWithSelector(IMarket.Market_ObjectNotLive.selector, model), _offers(), _request(FINETUNE)
        );
    }

    function test_refusesMoreThanTheBuyerAgreedTo() public {
        Offer[] memory offers = _offers();
        (, uint256 escrow) = market.quote(offers, committee, SECS);
        Request memory request = _request(FINETUNE);
        request.maxEscrow = uint128(escrow - 1);
        _expect(
            abi.encodeWithSelector(IMarket.Market_EscrowOverMax.selector, escrow, escrow - 1), offers, request
        );
        request.maxEscrow = uint128(escrow);
        bytes[] memory signatures = _signatures(offers);
        vm.prank(BUYER);
        market.create(offers, signatures, request);
    }

    function test_refusesWhatAnOrderCannotHold() public {
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, COMPUTE, "machine", 0, uint128(1) << 88);
        (, uint256 escrow) = market.quote(offers, committee, SECS);
        _expect(
            abi.encodeWithSelector(IMarket.Market_AmountTooLarge.selector, escrow), offers, _request(FINETUNE)
        );
    }

    function test_refusesABuyerWithoutTheMoney() public {
        Offer[] memory offers = _offers();
        Request memory request = _request(FINETUNE);
        (, uint256 escrow) = market.quote(offers, committee, SECS);
        bytes[] memory signatures = _signatures(offers);
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.Market_InsufficientBalance.selector, STRANGER, 0, escrow)
        );
        market.create(offers, signatures, request);
    }

    function test_refusesWhilePaused() public {
        Offer[] memory offers = _offers();
        vm.prank(PAUSER);
        market.pause();
        _expect(
            abi.encodeWithSelector(IMarket.Market_Paused.selector, market.pausedUntil()), offers, _request(SERVE)
        );
        vm.warp(market.pausedUntil());
        _create(_offers(), SERVE);
    }
}
