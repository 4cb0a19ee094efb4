// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAssets, Royalty, Standing} from "../interfaces/IAssets.sol";
import {ICatalog} from "../interfaces/ICatalog.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {COMPUTE, ENGINE, OBJECT, Offer} from "../types/Offer.sol";
import {Lane, newLane} from "../types/Order.sol";
import {CommitteeRecord} from "./CommitteeRecord.sol";
import {Lanes} from "./Lanes.sol";

/// What offers cost together, and whether they fit each other.
abstract contract Pricing is IMarket {
    IAssets internal immutable _assets;
    IRegistry internal immutable _registry;
    ICatalog internal immutable _catalog;
    address private immutable _token;

    constructor(address token_, address assets_, address registry_, address catalog_) {
        (_token, _assets, _registry, _catalog) = (token_, IAssets(assets_), IRegistry(registry_), ICatalog(catalog_));
    }

    /// Lanes and escrow of an order. Checks everything of the offers but signature and revocation.
    function _price(Offer[] calldata offers, bytes32 committee, uint256 secs)
        internal
        view
        returns (Lane[] memory lanes, uint256 escrow, uint24 number)
    {
        uint256 count = offers.length;
        // One lane is the keepers'.
        if (count == 0 || count >= Lanes.MAX) revert Market_BadOfferCount(count, Lanes.MAX - 1);
        // Pointers only: each is set before anybody follows it.
        assembly ("memory-safe") {
            lanes := mload(0x40)
            mstore(lanes, 8)
            mstore(0x40, add(lanes, 0x120))
        }
        for (uint256 i; i < offers.length; ++i) {
            Offer calldata offer = offers[i];
            _requireFit(i, offer, committee, secs);
            (uint128 ownPerSecond, uint128 ownPerOrder) = (offer.perSecond, offer.perOrder);
            if (offer.kind == OBJECT) (count, ownPerSecond, ownPerOrder) = _addRoyalties(i, offer, lanes, count);
            lanes[i] = newLane(
                offer.owner, offer.payee, uint64(offer.maxRuns) << 32 | offer.capacity, ownPerSecond, ownPerOrder
            );
        }
        uint112 perOrder;
        uint112 perSecond;
        (number, perOrder, perSecond) = _registry.feeOf(committee);
        if (number == 0) revert Market_UnknownCommittee(committee);
        address record = CommitteeRecord.locate(address(_registry), number);
        lanes[count++] = newLane(address(0), record, 0, perSecond, perOrder);
        assembly ("memory-safe") {
            mstore(lanes, count)
        }
        for (uint256 i; i < count; ++i) escrow += Lanes.locked(lanes[i].perSecond(), secs) + lanes[i].perOrder();
    }

    function _requireFit(uint256 i, Offer calldata offer, bytes32 committee, uint256 secs) private view {
        uint8 kind = offer.kind;
        bool isKindRight = i == 0 ? kind == COMPUTE : kind == OBJECT || kind == ENGINE;
        if (!isKindRight) revert Market_BadKind(i, kind);
        if (offer.token != _token) revert Market_WrongToken(i, _token, offer.token);
        _requireTerm(i, offer, secs);
        bytes32 held = offer.committee;
        if (held != 0 && held != committee) revert Market_WrongCommittee(i, committee, held);
    }

    function _requireTerm(uint256 i, Offer calldata offer, uint256 secs) internal view {
        uint256 expiry = offer.expiry;
        if (block.timestamp > expiry) revert Market_OfferExpired(i, expiry);
        (uint256 min, uint256 max) = (offer.minSeconds, offer.maxSeconds);
        if (max > Lanes.MAX_SECS) max = Lanes.MAX_SECS;
        if (secs == 0 || secs < min || secs > max) revert Market_TermOutOfRange(i, secs, min, max);
    }

    /// Adds royalties' lanes and takes their parts out of the owner's prices; what floors ask beyond a part comes on top.
    function _addRoyalties(uint256 i, Offer calldata offer, Lane[] memory lanes, uint256 count)
        private
        view
        returns (uint256, uint128 ownPerSecond, uint128 ownPerOrder)
    {
        (address owner, Standing standing, address[] memory payees, Royalty[] memory royalties) =
            _assets.payeesOf(offer.subject);
        if (owner != offer.owner) revert Market_NotObjectOwner(i, owner, offer.owner);
        if (standing != Standing.LIVE) revert Market_ObjectNotLive(offer.subject);
        (ownPerSecond, ownPerOrder) = (offer.perSecond, offer.perOrder);
        for (uint256 j; j < payees.length; ++j) {
            if (count == Lanes.MAX - 1) revert Market_TooManyLanes(Lanes.MAX);
            Royalty memory royalty = royalties[j];
            (uint256 part, uint256 rate) = Lanes.royalty(offer.perSecond, royalty.bps, royalty.floorPerSecond);
            ownPerSecond = _less(ownPerSecond, part);
            uint256 fee;
            (part, fee) = Lanes.royalty(offer.perOrder, royalty.bps, royalty.floorPerOrder);
            ownPerOrder = _less(ownPerOrder, part);
            // A part is at most a half of a uint128, rounded up; a floor is a uint120.
            lanes[count++] = newLane(address(0), payees[j], 0, uint128(rate), uint128(fee));
        }
        return (count, ownPerSecond, ownPerOrder);
    }

    /// Parts are rounded up, so at prices of a few units they can exceed the price: then the owner earns nothing.
    function _less(uint128 price, uint256 part) private pure returns (uint128) {
        return part > price ? 0 : price - uint128(part);
    }
}
