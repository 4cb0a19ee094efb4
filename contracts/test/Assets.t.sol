// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Derived, Due, IAssets, Royalty, Standing} from "../src/interfaces/IAssets.sol";
import {FINETUNE} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

contract AssetsTest is Fixture {
    Royalty private _none = Royalty(0, 0, 0);

    /// A registration that an order of the market reported.
    function _reported(bytes32 name, address owner, bytes32[] memory parents) private returns (Derived memory derived) {
        (bytes32 id,) = _started(FINETUNE);
        derived = Derived(address(market), id, "report", _header(name), owner, "policy", parents);
        _report(id, assets.lineageOf(derived));
    }

    function _one(bytes32 parent) private pure returns (bytes32[] memory parents) {
        parents = new bytes32[](1);
        parents[0] = parent;
    }

    function test_idIsOfContentOwnerAndPolicy() public {
        bytes32 expected =
            sha256(abi.encodePacked("allod/object/v1", _header("x"), address(this), bytes32("policy")));
        assertEq(assets.register(_header("x"), "policy", _none), expected);
        assertEq(assets.objectIdOf(_header("x"), address(this), "policy"), expected);
        (address owner, Standing standing, Due[] memory dues) = assets.duesOf(expected);
        assertEq(owner, address(this));
        assertEq(uint8(standing), uint8(Standing.LIVE));
        assertEq(dues.length, 0);
        assertTrue(!assets.isDerived(expected));
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_Exists.selector, expected));
        assets.register(_header("x"), "policy", _none);
        // Under another owner or policy it is another object.
        vm.prank(STRANGER);
        assertTrue(assets.register(_header("x"), "policy", _none) != expected);
        assertTrue(assets.register(_header("x"), "another", _none) != expected);
    }

    function test_registerRefusals() public {
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_BadHeader.selector, 127));
        assets.register(new bytes(127), "policy", _none);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_RoyaltiesTooHigh.selector, 5001, 5000));
        assets.register(_header("x"), "policy", Royalty(5001, 0, 0));
    }

    function test_derivedOwesItsParentsAndTheirs() public {
        bytes32 tuned = _derive();
        (,, Due[] memory dues) = assets.duesOf(tuned);
        assertEq(dues.length, 1);
        assertEq(dues[0].ancestor, model);
        assertEq(dues[0].owner, vm.addr(MODEL));
        assertEq(dues[0].royalty.bps, 1000);
        assertTrue(assets.isDerived(tuned));

        // A grandchild owes both, once each, though the model is also a parent of its own.
        bytes32[] memory parents = new bytes32[](3);
        (parents[0], parents[1], parents[2]) = (model, tuned, bytes32("the buyer's own, unregistered"));
        Derived memory derived = _reported("grandchild", STRANGER, parents);
        vm.prank(STRANGER);
        bytes32 grandchild = assets.registerDerived(derived, _none);
        (,, dues) = assets.duesOf(grandchild);
        assertEq(dues.length, 2);
        assertEq(dues[0].ancestor, model);
        assertEq(dues[1].ancestor, tuned);
        assertEq(dues[1].owner, vm.addr(TUNER));
    }

    function test_aParentThatAsksNothingIsNoAncestor() public {
        Derived memory derived = _reported("x", STRANGER, _one(data));
        vm.prank(STRANGER);
        bytes32 id = assets.registerDerived(derived, _none);
        (,, Due[] memory dues) = assets.duesOf(id);
        assertEq(dues.length, 0);
        assertTrue(assets.isDerived(id));
    }

    function test_derivedOnlyAsReported() public {
        Derived memory derived = _reported("x", STRANGER, _one(model));
        vm.startPrank(STRANGER);
        Derived memory other = derived;
        other.parents = new bytes32[](0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssets.Assets_LineageNotReported.selector, derived.order, assets.lineageOf(other)
            )
        );
        assets.registerDerived(other, _none);
        derived.parents = _one(model);
        derived.reportHash = "another";
        vm.expectRevert(
            abi.encodeWithSelector(
                IAssets.Assets_LineageNotReported.selector, derived.order, assets.lineageOf(derived)
            )
        );
        assets.registerDerived(derived, _none);
        derived.reportHash = "report";
        derived.market = address(this);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_UnknownMarket.selector, address(this)));
        assets.registerDerived(derived, _none);
        vm.stopPrank();
    }

    function test_derivedByItsOwnerOnly() public {
        Derived memory derived = _reported("x", STRANGER, _one(model));
        bytes32 id = assets.objectIdOf(derived.header, STRANGER, "policy");
        vm.expectRevert(
            abi.encodeWithSelector(IAssets.Assets_NotOwner.selector, id, STRANGER, address(this))
        );
        assets.registerDerived(derived, Royalty(5000, 0, 0));
    }

    function test_registeringADerivedObjectAsAnOriginalSavesNothing() public {
        Derived memory derived = _reported("x", STRANGER, _one(model));
        vm.prank(STRANGER);
        bytes32 id = assets.register(derived.header, "policy", Royalty(700, 0, 0));
        // Keepers refuse it as it is. Its lineage can still be added; what the owner asks stays as it was.
        vm.prank(STRANGER);
        assets.registerDerived(derived, _none);
        (,, Due[] memory dues) = assets.duesOf(id);
        assertEq(dues.length, 1);
        assertEq(assets.royaltyOf(id).bps, 700);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_Exists.selector, id));
        assets.registerDerived(derived, _none);
    }

    /// An order of one's own, with a committee of one's own, reports whatever one likes.
    function test_nobodyElseGivesAnObjectALineage() public {
        bytes32 leech = _register(uint160(STRANGER), "leech", Royalty(5000, 1, 1));
        Derived memory derived = _reported("model", vm.addr(MODEL), _one(leech));
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IAssets.Assets_NotOwner.selector, model, vm.addr(MODEL), STRANGER)
        );
        assets.registerDerived(derived, _none);
        assertTrue(!assets.isDerived(model));
        (,, Due[] memory dues) = assets.duesOf(model);
        assertEq(dues.length, 0);
    }

    function test_royaltiesSumUpToAHalfAndToFourAncestors() public {
        bytes32[] memory parents = new bytes32[](2);
        parents[0] = _register(0xC1, "a", Royalty(2500, 0, 0));
        parents[1] = _register(0xC2, "b", Royalty(2501, 0, 0));
        Derived memory derived = _reported("x", STRANGER, parents);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_RoyaltiesTooHigh.selector, 5001, 5000));
        assets.registerDerived(derived, _none);

        parents = new bytes32[](5);
        for (uint256 i; i < 5; ++i) parents[i] = _register(0xD0 + i, bytes32(i), Royalty(0, 1, 0));
        derived = _reported("y", STRANGER, parents);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_TooManyAncestors.selector, 5, 4));
        assets.registerDerived(derived, _none);

        derived = _reported("z", STRANGER, new bytes32[](9));
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_TooManyParents.selector, 9, 8));
        assets.registerDerived(derived, _none);
    }

    function testFuzz_tablesNeverExceedAHalf(uint16[4] memory bps) public {
        bytes32[] memory parents = new bytes32[](4);
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            uint16 part = uint16(bound(bps[i], 0, 5000));
            sum += part;
            parents[i] = _register(0xD0 + i, bytes32(i), Royalty(part, 0, 0));
        }
        Derived memory derived = _reported("x", STRANGER, parents);
        vm.prank(STRANGER);
        try assets.registerDerived(derived, _none) returns (bytes32 id) {
            (,, Due[] memory dues) = assets.duesOf(id);
            uint256 found;
            for (uint256 i; i < dues.length; ++i) found += dues[i].royalty.bps;
            assertEq(found, sum);
            assertLe(found, 5000);
        } catch {
            assertTrue(sum > 5000);
        }
    }

    function test_haltResumeRetire() public {
        vm.expectRevert(
            abi.encodeWithSelector(IAssets.Assets_NotOwner.selector, model, vm.addr(MODEL), address(this))
        );
        assets.halt(model);
        vm.startPrank(vm.addr(MODEL));
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_WrongStanding.selector, model, Standing.LIVE));
        assets.resume(model);
        assets.halt(model);
        assertEq(uint8(assets.standingOf(model)), uint8(Standing.HALTED));
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_WrongStanding.selector, model, Standing.HALTED));
        assets.halt(model);
        assets.resume(model);
        assets.retire(model);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_WrongStanding.selector, model, Standing.RETIRED));
        assets.retire(model);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_WrongStanding.selector, model, Standing.RETIRED));
        assets.resume(model);
        vm.stopPrank();
    }

    function test_laterMarketsWaitForTheNotice() public {
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_NotCurator.selector, address(this)));
        assets.announceMarket(STRANGER);
        vm.startPrank(CURATOR);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_KnownMarket.selector, address(market)));
        assets.announceMarket(address(market));
        assets.announceMarket(STRANGER);
        vm.stopPrank();
        assertEq(assets.marketSince(STRANGER), _now() + NOTICE);
        Derived memory derived = _reported("x", BUYER, _one(model));
        derived.market = STRANGER;
        vm.prank(BUYER);
        vm.expectRevert(abi.encodeWithSelector(IAssets.Assets_UnknownMarket.selector, STRANGER));
        assets.registerDerived(derived, _none);
    }
}
