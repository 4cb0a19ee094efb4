// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Royalty} from "../interfaces/IAssets.sol";
import {Lane, Terms} from "../types/Order.sol";

/// The arithmetic of lanes. Rates are in 1e-12 token units per second. What is locked is rounded up, what is paid is
/// rounded down, and both are functions of whole seconds, so paying in steps pays what paying at once would.
///
/// A lane's counter remembers what it was paid for: 31 bits of seconds, and one bit for the fixed fee. A full counter
/// stands for a lane that is paid nothing more.
library Lanes {
    uint256 internal constant MAX = 8;
    uint256 internal constant MAX_SECS = type(uint32).max >> 1;
    uint256 internal constant FORFEITED = type(uint32).max;
    uint256 private constant FEE_PAID = 1 << 31;
    uint256 private constant RATE_UNIT = 1e12;
    uint256 private constant BPS = 10_000;

    /// Paid for a time at a rate.
    function earned(uint256 perSecond, uint256 secs) internal pure returns (uint256) {
        unchecked {
            // 128 bits × 31 bits
            return perSecond * secs / RATE_UNIT;
        }
    }

    /// Locked for a time at a rate.
    function locked(uint256 perSecond, uint256 secs) internal pure returns (uint256) {
        unchecked {
            return (perSecond * secs + (RATE_UNIT - 1)) / RATE_UNIT;
        }
    }

    /// Owed to a lane for so many seconds and, where `withFee`, its fixed fee, beyond what its counter was paid for.
    function owed(Lane calldata lane, uint256 counter, uint256 secs, bool withFee)
        internal
        pure
        returns (uint256 amount)
    {
        if (counter == FORFEITED) return 0;
        (uint256 perSecond, uint256 perOrder) = _prices(lane);
        unchecked {
            // Attested time never shrinks, so nothing here is below what was paid.
            amount = earned(perSecond, secs);
            if (counter != 0) amount -= earned(perSecond, counter & MAX_SECS);
            if (withFee && counter & FEE_PAID == 0) amount += perOrder;
        }
    }

    /// Whether running orders are counted on the lane's offer.
    function hasCapacity(Lane calldata lane) internal pure returns (bool answer) {
        assembly ("memory-safe") {
            answer := iszero(iszero(and(calldataload(add(lane, 0x40)), 0xffffffff)))
        }
    }

    function _prices(Lane calldata lane) private pure returns (uint256 perSecond, uint256 perOrder) {
        uint256 prices = lane.prices;
        return (uint128(prices), prices >> 128);
    }

    function counterOf(uint256 counters, uint256 lane) internal pure returns (uint256) {
        return uint32(counters >> (32 * lane));
    }

    function withCounter(uint256 counters, uint256 lane, uint256 counter) internal pure returns (uint256) {
        return (counters & ~(uint256(type(uint32).max) << (32 * lane))) | (counter << (32 * lane));
    }

    /// The counter of a lane that was paid for this much; a forfeited one stays so.
    function paidFor(uint256 counter, uint256 secs, bool withFee) internal pure returns (uint256) {
        if (counter == FORFEITED) return FORFEITED;
        return secs | (withFee ? FEE_PAID : counter & FEE_PAID);
    }

    /// A royalty on a price: its part of the gross price, rounded up, and what is due, which is the floor where that is more.
    function royalty(uint256 gross, uint256 bps, uint256 floor) internal pure returns (uint256 part, uint256 due) {
        part = (gross * bps + (BPS - 1)) / BPS;
        due = part < floor ? floor : part;
    }

    /// keccak256(abi.encode(lanes)). Lanes are static, so they lie in calldata as they are encoded; a word with bits that
    /// its type does not have yields another hash.
    function hash(Lane[] calldata lanes) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := mul(lanes.length, 128)
            mstore(free, 0x20)
            mstore(add(free, 0x20), lanes.length)
            calldatacopy(add(free, 0x40), lanes.offset, size)
            result := keccak256(free, add(size, 0x40))
        }
    }

    /// The same of lanes in memory.
    function hashMemory(Lane[] memory lanes) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let count := mload(lanes)
            mstore(free, 0x20)
            mstore(add(free, 0x20), count)
            let to := add(free, 0x40)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                mcopy(to, mload(add(lanes, mul(add(i, 1), 0x20))), 128)
                to := add(to, 128)
            }
            result := keccak256(free, sub(to, free))
        }
    }

    /// keccak256 of the hashes, packed.
    function hashMemory(bytes32[] memory offers) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            result := keccak256(add(offers, 0x20), mul(mload(offers), 0x20))
        }
    }

    /// keccak256 of the hashes, packed.
    function hash(bytes32[] calldata offers) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := mul(offers.length, 32)
            calldatacopy(free, offers.offset, size)
            result := keccak256(free, size)
        }
    }
}
