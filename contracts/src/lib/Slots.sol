// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {State} from "../types/Order.sol";

/// Where an order stands and what it locks: 256 bits.
struct Life {
    State state;
    uint8 flags;
    uint24 committee;
    uint32 secs;
    uint32 startedAt;
    uint32 endedAt;
    uint32 createdBlock;
    uint88 escrow;
}

/// Who runs an order, and for how long that was proved: 256 bits.
struct Proof {
    address enclave;
    uint16 generation;
    uint16 signers;
    /// While OPEN the last second to start; from then on the end of the time attested.
    uint32 upTo;
    uint32 secs;
}

/// Structs that fill one slot each, packed by hand: the compiler would write a slot once per member.
library Slots {
    function pack(Life memory life) internal pure returns (uint256) {
        return uint256(uint8(life.state)) | uint256(life.flags) << 8 | uint256(life.committee) << 16
            | uint256(life.secs) << 40 | uint256(life.startedAt) << 72 | uint256(life.endedAt) << 104
            | uint256(life.createdBlock) << 136 | uint256(life.escrow) << 168;
    }

    function lifeOf(uint256 slot) internal pure returns (Life memory) {
        return Life({
            state: State(uint8(slot)),
            flags: uint8(slot >> 8),
            committee: uint24(slot >> 16),
            secs: uint32(slot >> 40),
            startedAt: uint32(slot >> 72),
            endedAt: uint32(slot >> 104),
            createdBlock: uint32(slot >> 136),
            escrow: uint88(slot >> 168)
        });
    }

    function pack(Proof memory proof) internal pure returns (uint256) {
        return uint256(uint160(proof.enclave)) | uint256(proof.generation) << 160 | uint256(proof.signers) << 176
            | uint256(proof.upTo) << 192 | uint256(proof.secs) << 224;
    }

    function proofOf(uint256 slot) internal pure returns (Proof memory) {
        return Proof({
            enclave: address(uint160(slot)),
            generation: uint16(slot >> 160),
            signers: uint16(slot >> 176),
            upTo: uint32(slot >> 192),
            secs: uint32(slot >> 224)
        });
    }
}
