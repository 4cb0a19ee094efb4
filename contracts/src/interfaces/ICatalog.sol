// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Offer} from "../types/Offer.sol";

/// @title Where offers are announced and taken back
/// @notice An offer is good by its owner's signature alone. Posting makes it public, ordered and immutable; revoking and
/// bumping the epoch are storage that Market reads when an order is created, started or extended. Neither ever stops a
/// running order. One catalog serves any number of markets.
interface ICatalog {
    /// @notice `owner` announced an offer. `location` says where the manifest and further description lie.
    event Posted(
        bytes32 indexed offerHash, address indexed owner, bytes32 indexed subject, Offer offer, bytes signature, string location
    );
    event Revoked(address indexed owner, bytes32 indexed offerHash);
    /// @notice Every offer of `owner` with an older epoch is void from now on.
    event EpochBumped(address indexed owner, uint64 epoch);

    error Catalog_NotOwner(address owner, address caller);
    error Catalog_TooLong(uint256 length, uint256 max);

    /// @notice Announces the caller's offer. The signature is carried, not checked: readers check it, as Market will.
    function post(Offer calldata offer, bytes calldata signature, string calldata location) external;

    /// @notice Voids one of the caller's offers, posted or not, for ever.
    function revoke(bytes32 offerHash) external;

    /// @notice Voids all of the caller's offers signed so far.
    function bumpEpoch() external;

    function epochOf(address owner) external view returns (uint64);
    function isRevoked(address owner, bytes32 offerHash) external view returns (bool);

    /// @notice The epoch that offers of `owner` must carry, and whether this one was revoked, in one read.
    function standing(address owner, bytes32 offerHash) external view returns (uint64 epoch, bool revoked);

    /// @notice The index of the first of these offers that was good at time `since` and has been voided by now, or their
    /// number where none was. An epoch bumped in that very second counts: the answer errs on the owner's side.
    function firstVoided(address[] calldata owners, bytes32[] calldata offerHashes, uint256 since)
        external
        view
        returns (uint256);
}
