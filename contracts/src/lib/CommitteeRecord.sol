// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// A committee as Registry wrote it into code: id[32] ‖ u8 t ‖ u8 n ‖ n × (signer[20] ‖ payee[20] ‖ keeper id[32]).
library CommitteeRecord {
    uint256 private constant HEAD = 34;
    uint256 private constant SEAT = 72;

    /// Where the record of a number lies: Registry creates nothing but records, so its n-th creation is record n.
    function locate(address registry, uint24 number) internal pure returns (address) {
        return LibRLP.computeAddress(registry, number);
    }

    function read(address record) internal view returns (bytes memory) {
        return SSTORE2.read(record);
    }

    function id(bytes memory record) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(record, 0x20))
        }
    }

    function threshold(bytes memory record) internal pure returns (uint8) {
        return uint8(record[32]);
    }

    function size(bytes memory record) internal pure returns (uint8) {
        return uint8(record[33]);
    }

    function signer(bytes memory record, uint256 seat) internal pure returns (address) {
        return _address(record, HEAD + seat * SEAT);
    }

    function payee(bytes memory record, uint256 seat) internal pure returns (address) {
        return _address(record, HEAD + seat * SEAT + 20);
    }

    function keeper(bytes memory record, uint256 seat) internal pure returns (bytes32 word) {
        uint256 offset = HEAD + seat * SEAT + 40;
        require(offset + 32 <= record.length);
        assembly ("memory-safe") {
            word := mload(add(add(record, 0x20), offset))
        }
    }

    function _address(bytes memory record, uint256 offset) private pure returns (address value) {
        require(offset + 20 <= record.length);
        assembly ("memory-safe") {
            value := shr(96, mload(add(add(record, 0x20), offset)))
        }
    }
}
