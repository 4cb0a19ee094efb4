// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrust, Launch} from "../src/interfaces/ITrust.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

contract TrustTest is Fixture {
    function _announce(bytes32 measurement, bytes32 build) private {
        vm.prank(CURATOR);
        trust.announce(Launch(measurement, build, "source"));
    }

    function test_firstBuildsCountAtOnce() public view {
        assertTrue(trust.isApproved(BUILD));
        assertEq(trust.buildOf("measurement"), BUILD);
        (uint64 announcedAt, uint64 from, bool revoked) = trust.recordOf(BUILD);
        assertEq(announcedAt, _now());
        assertEq(from, _now());
        assertTrue(!revoked);
        assertEq(trust.curator(), CURATOR);
        assertEq(trust.notice(), NOTICE);
    }

    function test_laterOnesWaitForTheNotice() public {
        uint256 t0 = _now();
        _announce("m2", "b2");
        assertTrue(!trust.isApproved("b2"));
        assertEq(trust.buildOf("m2"), 0);
        vm.warp(t0 + NOTICE - 1);
        assertTrue(!trust.isApproved("b2"));
        vm.warp(t0 + NOTICE);
        assertTrue(trust.isApproved("b2"));
        assertEq(trust.buildOf("m2"), "b2");
    }

    function test_anotherMeasurementOfAKnownBuildWaitsToo() public {
        uint256 t0 = _now();
        _announce("m2", BUILD);
        assertTrue(trust.isApproved(BUILD));
        assertEq(trust.buildOf("m2"), 0);
        vm.warp(t0 + NOTICE);
        assertEq(trust.buildOf("m2"), BUILD);
    }

    function test_revokingIsImmediateAndFinal() public {
        vm.prank(CURATOR);
        trust.revokeBuild(BUILD);
        assertTrue(!trust.isApproved(BUILD));
        assertEq(trust.buildOf("measurement"), 0);
        vm.prank(CURATOR);
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_Revoked.selector, BUILD));
        trust.announce(Launch("m2", BUILD, ""));
    }

    function test_revokingAMeasurementLeavesTheBuild() public {
        vm.prank(CURATOR);
        trust.revokeMeasurement("measurement");
        assertTrue(trust.isApproved(BUILD));
        assertEq(trust.buildOf("measurement"), 0);
    }

    function test_refusals() public {
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_NotCurator.selector, address(this)));
        trust.announce(Launch("m2", "b2", ""));
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_NotCurator.selector, address(this)));
        trust.revokeBuild(BUILD);
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_NotCurator.selector, address(this)));
        trust.revokeMeasurement("measurement");
        vm.startPrank(CURATOR);
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_Known.selector, bytes32("measurement")));
        trust.announce(Launch("measurement", "b2", ""));
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_ZeroBuild.selector));
        trust.announce(Launch("m2", 0, ""));
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_TooLong.selector, 257, 256));
        trust.announce(Launch("m2", "b2", string(new bytes(257))));
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_Unknown.selector, bytes32("b2")));
        trust.revokeBuild("b2");
        vm.expectRevert(abi.encodeWithSelector(ITrust.Trust_Unknown.selector, bytes32("m2")));
        trust.revokeMeasurement("m2");
        vm.stopPrank();
    }
}
