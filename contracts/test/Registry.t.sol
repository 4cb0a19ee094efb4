// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Committee, IRegistry, Keeper, Provider} from "../src/interfaces/IRegistry.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

contract RegistryTest is Fixture {
    function _new(uint256 key) private pure returns (Keeper memory) {
        return Keeper(address(0), vm.addr(key), _payee(key), "evidence", 1, 2, _bytes(1216, key), "operator", "url");
    }

    function _seat(Keeper memory keeper, address account) private view returns (bytes32) {
        bytes32 id = registry.keeperIdOf(keeper.hpkeKey, keeper.signer);
        return _digest(
            address(registry),
            keccak256(
                abi.encode(keccak256("Seat(bytes32 keeper,address account,address payee)"), id, account, keeper.payee)
            )
        );
    }

    // --- providers ---

    function test_providersSetAndReplaceTheirRecord() public {
        bytes32[] memory machines = new bytes32[](2);
        machines[1] = "chip";
        registry.setProvider(Provider(STRANGER, BUYER, "https://a", machines));
        Provider memory seen = registry.providerOf(address(this));
        assertEq(seen.key, STRANGER);
        assertEq(registry.keyOf(address(this)), STRANGER);
        assertEq(seen.machines.length, 2);
        registry.setProvider(Provider(BUYER, BUYER, "", new bytes32[](1)));
        seen = registry.providerOf(address(this));
        assertEq(seen.key, BUYER);
        assertEq(seen.machines.length, 1);
        assertEq(bytes(seen.endpoints).length, 0);
    }

    function test_providerRecordsAreBounded() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TooLong.selector, 513, 512));
        registry.setProvider(Provider(BUYER, BUYER, string(new bytes(513)), new bytes32[](0)));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TooLong.selector, 65, 64));
        registry.setProvider(Provider(BUYER, BUYER, "", new bytes32[](65)));
    }

    // --- keepers ---

    function test_keeperIdIsOfBothKeys() public view {
        bytes memory key = _bytes(1216, 1);
        assertEq(
            registry.keeperIdOf(key, STRANGER), sha256(abi.encodePacked("allod/keeper/v1", key, STRANGER))
        );
    }

    function test_registersAKeeperThatSignedItsSeat() public {
        Keeper memory keeper = _new(0xE9);
        bytes memory signature = _sign(0xE9, _seat(keeper, STRANGER));
        vm.prank(STRANGER);
        bytes32 id = registry.registerKeeper(keeper, signature);
        Keeper memory seen = registry.keeperOf(id);
        assertEq(seen.account, STRANGER);
        assertEq(seen.signer, keeper.signer);
        assertEq(keccak256(seen.hpkeKey), keccak256(keeper.hpkeKey));
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_KeeperExists.selector, id));
        registry.registerKeeper(keeper, signature);
    }

    function test_nobodyTakesAKeepersSeat() public {
        Keeper memory keeper = _new(0xE9);
        bytes memory signature = _sign(0xE9, _seat(keeper, STRANGER));
        // Another account with the same signature, and the same account with another payee.
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_BadSeatSignature.selector, keeper.signer)
        );
        registry.registerKeeper(keeper, signature);
        keeper.payee = BUYER;
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_BadSeatSignature.selector, keeper.signer)
        );
        registry.registerKeeper(keeper, signature);
    }

    function test_keeperRecordsAreBounded() public {
        Keeper memory keeper = _new(0xE9);
        keeper.hpkeKey = _bytes(1215, 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BadKey.selector, 1215));
        registry.registerKeeper(keeper, "");
        keeper = _new(0xE9);
        keeper.payee = address(0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_ZeroAddress.selector));
        registry.registerKeeper(keeper, "");
        keeper = _new(0xE9);
        keeper.operator = string(new bytes(257));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TooLong.selector, 257, 256));
        registry.registerKeeper(keeper, "");
        (keeper.operator, keeper.endpoint) = ("", string(new bytes(257)));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TooLong.selector, 257, 256));
        registry.registerKeeper(keeper, "");
    }

    function test_renewByTheAccountOnly() public {
        bytes32 id = registry.committeeOf(committee).keepers[0];
        vm.prank(STRANGER);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_NotAccount.selector, id, address(this), STRANGER)
        );
        registry.renewKeeper(id, "new", "url", 5, 6);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_UnknownKeeper.selector, bytes32("who")));
        registry.renewKeeper("who", "new", "url", 5, 6);
        registry.renewKeeper(id, "new", "url", 5, 6);
        Keeper memory seen = registry.keeperOf(id);
        assertEq(seen.evidenceHash, "new");
        assertEq(seen.perOrder, 5);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TooLong.selector, 257, 256));
        registry.renewKeeper(id, "new", string(new bytes(257)), 5, 6);
    }

    // --- committees ---

    function test_committeesAreRecordedBySigner() public view {
        Committee memory seen = registry.committeeOf(committee);
        assertEq(seen.t, 2);
        for (uint256 i; i < 3; ++i) {
            assertEq(seen.signers[i], vm.addr(keeperKeys[i]));
            assertEq(seen.payees[i], _payee(keeperKeys[i]));
            Keeper memory keeper = registry.keeperOf(seen.keepers[i]);
            assertEq(keeper.signer, seen.signers[i]);
        }
        (uint24 number, uint112 perOrder, uint112 perSecond) = registry.feeOf(committee);
        assertEq(number, 1);
        assertEq(perOrder, 300);
        assertEq(perSecond, 9e12);
        assertTrue(registry.recordOf(number).code.length == 1 + 34 + 3 * 72);
    }

    function test_committeeIdIsOfSortedMembers() public {
        bytes32[] memory ids = new bytes32[](2);
        ids[0] = _keeper(0xE4, 0, 0);
        ids[1] = _keeper(0xE5, 0, 0);
        if (ids[1] < ids[0]) (ids[0], ids[1]) = (ids[1], ids[0]);
        bytes32 expected = sha256(abi.encodePacked("allod/committee/v1", uint8(1), uint8(2), ids[0], ids[1]));
        assertEq(registry.registerCommittee(1, ids), expected);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_CommitteeExists.selector, expected));
        registry.registerCommittee(1, ids);
        // Another threshold is another committee, with another record.
        bytes32 other = registry.registerCommittee(2, ids);
        (uint24 number,,) = registry.feeOf(other);
        assertEq(number, 3);
        assertEq(registry.committeeOf(other).t, 2);
        (ids[0], ids[1]) = (ids[1], ids[0]);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_NotAscending.selector, 1));
        registry.registerCommittee(1, ids);
    }

    function test_committeeRefusals() public {
        bytes32[] memory ids = new bytes32[](1);
        ids[0] = _keeper(0xE4, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BadThreshold.selector, 0, 1));
        registry.registerCommittee(0, ids);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BadThreshold.selector, 2, 1));
        registry.registerCommittee(2, ids);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BadThreshold.selector, 1, 17));
        registry.registerCommittee(1, new bytes32[](17));
        ids[0] = "nobody";
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_UnknownKeeper.selector, bytes32("nobody")));
        registry.registerCommittee(1, ids);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_UnknownCommittee.selector, bytes32("nobody")));
        registry.committeeOf("nobody");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_UnknownCommittee.selector, bytes32("nobody")));
        registry.refreshFee("nobody");
    }

    function test_oneSignerCannotHoldTwoSeats() public {
        bytes32[] memory ids = new bytes32[](2);
        ids[0] = _keeper(0xE4, 0, 0);
        Keeper memory twin = _new(0xE4);
        twin.hpkeKey = _bytes(1216, 77);
        ids[1] = registry.registerKeeper(twin, _sign(0xE4, _seat(twin, address(this))));
        if (ids[1] < ids[0]) (ids[0], ids[1]) = (ids[1], ids[0]);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_SharedSigner.selector, vm.addr(0xE4)));
        registry.registerCommittee(1, ids);
    }

    function test_committeesOfSixteen() public {
        bytes32[] memory ids = new bytes32[](16);
        for (uint256 i; i < 16; ++i) {
            bytes32 id = _keeper(0x1000 + i, uint112(i), 1);
            uint256 seat = i;
            for (; seat > 0 && ids[seat - 1] > id; --seat) ids[seat] = ids[seat - 1];
            ids[seat] = id;
        }
        bytes32 big = registry.registerCommittee(16, ids);
        Committee memory seen = registry.committeeOf(big);
        for (uint256 i = 1; i < 16; ++i) assertTrue(seen.signers[i - 1] < seen.signers[i]);
        (, uint112 perOrder, uint112 perSecond) = registry.feeOf(big);
        assertEq(perOrder, 120);
        assertEq(perSecond, 16);
    }

    function test_refreshFeeTakesWhatMembersAskNow() public {
        bytes32 id = registry.committeeOf(committee).keepers[1];
        registry.renewKeeper(id, "new", "url", 1000, 0);
        (, uint112 perOrder,) = registry.feeOf(committee);
        assertEq(perOrder, 300);
        vm.prank(STRANGER);
        registry.refreshFee(committee);
        uint112 perSecond;
        (, perOrder, perSecond) = registry.feeOf(committee);
        assertEq(perOrder, 1200);
        assertEq(perSecond, 6e12);
    }
}
