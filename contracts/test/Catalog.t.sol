// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICatalog} from "../src/interfaces/ICatalog.sol";
import {ENGINE, Offer} from "../src/types/Offer.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {Vm, vm} from "./fixture/Vm.sol";

contract CatalogTest is Fixture {
    function test_postAnnouncesTheOffersHash() public {
        Offer memory offer = _offer(ENGINEER, ENGINE, "engine", 1, 2);
        vm.recordLogs();
        vm.prank(offer.owner);
        catalog.post(offer, "signature", "https://somewhere");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].topics[0], ICatalog.Posted.selector);
        assertEq(logs[0].topics[1], _hash(offer));
        assertEq(address(uint160(uint256(logs[0].topics[2]))), offer.owner);
        assertEq(logs[0].topics[3], "engine");
    }

    function test_postRefusesOthersOffersAndLongTexts() public {
        Offer memory offer = _offer(ENGINEER, ENGINE, "engine", 1, 2);
        vm.expectRevert(
            abi.encodeWithSelector(ICatalog.Catalog_NotOwner.selector, vm.addr(ENGINEER), address(this))
        );
        catalog.post(offer, "", "");
        vm.startPrank(offer.owner);
        vm.expectRevert(abi.encodeWithSelector(ICatalog.Catalog_TooLong.selector, 513, 512));
        catalog.post(offer, "", string(new bytes(513)));
        vm.expectRevert(abi.encodeWithSelector(ICatalog.Catalog_TooLong.selector, 2049, 2048));
        catalog.post(offer, new bytes(2049), "");
        catalog.post(offer, new bytes(2048), string(new bytes(512)));
        vm.stopPrank();
    }

    function test_revokeIsPerOwnerAndForEver() public {
        vm.prank(STRANGER);
        catalog.revoke("offer");
        (uint64 epoch, bool revoked) = catalog.standing(STRANGER, "offer");
        assertTrue(revoked);
        assertEq(epoch, 0);
        assertTrue(catalog.isRevoked(STRANGER, "offer"));
        (, revoked) = catalog.standing(STRANGER, "another");
        assertTrue(!revoked);
        assertTrue(!catalog.isRevoked(BUYER, "offer"));
    }

    function test_bumpEpochCountsUp() public {
        vm.startPrank(STRANGER);
        catalog.bumpEpoch();
        catalog.bumpEpoch();
        vm.stopPrank();
        assertEq(catalog.epochOf(STRANGER), 2);
        assertEq(catalog.epochOf(BUYER), 0);
    }

    function test_firstVoidedSeesWhatChangedSinceThatSecond() public {
        (address[] memory owners, bytes32[] memory hashes) = (new address[](2), new bytes32[](2));
        (owners[0], owners[1]) = (BUYER, STRANGER);
        (hashes[0], hashes[1]) = (bytes32("a"), bytes32("b"));
        uint256 t0 = _now();
        assertEq(catalog.firstVoided(owners, hashes, t0), 2);
        vm.prank(STRANGER);
        catalog.revoke("b");
        assertEq(catalog.firstVoided(owners, hashes, t0), 1);
        assertEq(catalog.firstVoided(owners, hashes, t0 + 1), 2);
        vm.warp(t0 + 5);
        vm.prank(BUYER);
        catalog.bumpEpoch();
        assertEq(catalog.firstVoided(owners, hashes, t0 + 5), 0);
        assertEq(catalog.firstVoided(owners, hashes, t0 + 6), 2);
    }
}
