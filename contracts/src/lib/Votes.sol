// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {CommitteeRecord} from "./CommitteeRecord.sol";

/// Signatures of keepers and enclaves: 65 bytes r ‖ s ‖ v, low-s, v 27 or 28; anything else recovers to nobody.
library Votes {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// Which members signed the digest, as bits in the record's order.
    /// @param votes at least t, strictly ascending by signer, members only
    function tally(bytes memory record, bytes32 digest, bytes[] calldata votes) internal pure returns (uint16 signers) {
        uint256 t = CommitteeRecord.threshold(record);
        if (votes.length < t) revert IMarket.Market_TooFewVotes(t, votes.length);
        uint256 n = CommitteeRecord.size(record);
        uint256 seat;
        for (uint256 i; i < votes.length; ++i) {
            address signer = recover(digest, votes[i]);
            // Members stand ascending in the record, so votes that are not run out of seats.
            while (seat < n && CommitteeRecord.signer(record, seat) != signer) ++seat;
            if (seat == n) revert IMarket.Market_BadVote(i);
            signers |= uint16(1 << seat);
            ++seat;
        }
    }

    /// Whether an account signed: by its key, or as a contract by ERC-1271. The key first, so that accounts without code
    /// cost no look at their code.
    function isBy(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        address signer = recover(digest, signature);
        if (signer != address(0) && signer == account) return true;
        return SignatureCheckerLib.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    /// The signer, or 0.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        (bytes32 r, bytes32 s, uint8 v) = (0, 0, 0);
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 0x20))
            v := byte(0, calldataload(add(signature.offset, 0x40)))
        }
        return uint256(s) > HALF_ORDER ? address(0) : ecrecover(digest, v, r, s);
    }
}
