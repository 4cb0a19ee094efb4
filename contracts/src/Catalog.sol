// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICatalog} from "./interfaces/ICatalog.sol";
import {Offer, hashOffer} from "./types/Offer.sol";

/// @title Where offers are announced and taken back
contract Catalog is ICatalog {
    struct Owner {
        uint64 epoch;
        /// When the epoch was last bumped, and when anything was last revoked; 0 = never.
        uint64 bumpedAt;
        uint64 revokedAt;
    }

    uint256 private constant MAX_SIGNATURE = 2048;
    uint256 private constant MAX_LOCATION = 512;

    mapping(address owner => Owner) private _owners;
    mapping(address owner => mapping(bytes32 offerHash => bool)) private _revoked;

    /// @inheritdoc ICatalog
    function post(Offer calldata offer, bytes calldata signature, string calldata location) external {
        if (offer.owner != msg.sender) revert Catalog_NotOwner(offer.owner, msg.sender);
        if (signature.length > MAX_SIGNATURE) revert Catalog_TooLong(signature.length, MAX_SIGNATURE);
        if (bytes(location).length > MAX_LOCATION) revert Catalog_TooLong(bytes(location).length, MAX_LOCATION);
        emit Posted(hashOffer(offer), msg.sender, offer.subject, offer, signature, location);
    }

    /// @inheritdoc ICatalog
    function revoke(bytes32 offerHash) external {
        _revoked[msg.sender][offerHash] = true;
        _owners[msg.sender].revokedAt = uint64(block.timestamp);
        emit Revoked(msg.sender, offerHash);
    }

    /// @inheritdoc ICatalog
    function bumpEpoch() external {
        Owner storage owner = _owners[msg.sender];
        owner.epoch += 1;
        owner.bumpedAt = uint64(block.timestamp);
        emit EpochBumped(msg.sender, owner.epoch);
    }

    /// @inheritdoc ICatalog
    function epochOf(address owner) external view returns (uint64) {
        return _owners[owner].epoch;
    }

    /// @inheritdoc ICatalog
    function isRevoked(address owner, bytes32 offerHash) public view returns (bool) {
        return _revoked[owner][offerHash];
    }

    /// @inheritdoc ICatalog
    function standing(address owner, bytes32 offerHash) external view returns (uint64 epoch, bool revoked) {
        Owner memory known = _owners[owner];
        // Owners who never revoked anything, nearly all, cost one slot.
        return (known.epoch, known.revokedAt != 0 && isRevoked(owner, offerHash));
    }

    /// @inheritdoc ICatalog
    function firstVoided(address[] calldata owners, bytes32[] calldata offerHashes, uint256 since)
        external
        view
        returns (uint256 i)
    {
        for (; i < owners.length; ++i) {
            Owner memory known = _owners[owners[i]];
            if (known.bumpedAt != 0 && known.bumpedAt >= since) return i;
            if (known.revokedAt != 0 && known.revokedAt >= since && isRevoked(owners[i], offerHashes[i])) return i;
        }
    }
}
