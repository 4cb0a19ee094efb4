// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Derived, Due, IAssets, Royalty, Standing} from "./interfaces/IAssets.sol";
import {IMarket} from "./interfaces/IMarket.sol";

/// @title Who owns what is sealed, and what derives from what
contract Assets is IAssets {
    struct Asset {
        address owner;
        Standing standing;
        bool isDerived;
        /// How many of `dues` there are: beside the owner, so that nobody reads a slot to learn that there are none.
        uint8 ancestors;
        Royalty self;
        Due[4] dues;
    }

    uint256 private constant HEADER_SIZE = 128;
    uint256 private constant MAX_BPS = 5000;
    uint256 private constant MAX_ANCESTORS = 4;
    uint256 private constant MAX_PARENTS = 8;

    /// The account that may let further markets record lineage.
    address public immutable curator;
    uint64 public immutable notice;

    bool private _hasMarket;
    mapping(bytes32 objectId => Asset) private _assets;
    /// @inheritdoc IAssets
    mapping(address market => uint64) public marketSince;

    constructor(address curator_, uint64 notice_) {
        (curator, notice) = (curator_, notice_);
    }

    modifier onlyOwner(bytes32 objectId) {
        address owner = _assets[objectId].owner;
        if (owner != msg.sender) revert Assets_NotOwner(objectId, owner, msg.sender);
        _;
    }

    /// @inheritdoc IAssets
    function register(bytes calldata header, bytes32 policyHash, Royalty calldata self)
        external
        returns (bytes32 objectId)
    {
        objectId = _register(header, msg.sender, policyHash, self);
    }

    /// @inheritdoc IAssets
    function registerDerived(Derived calldata derived, Royalty calldata self) external returns (bytes32 objectId) {
        objectId = objectIdOf(derived.header, derived.owner, derived.policyHash);
        // Anybody can be keeper, provider and buyer of an order that reports whatever it likes.
        if (derived.owner != msg.sender) revert Assets_NotOwner(objectId, derived.owner, msg.sender);
        Asset storage asset = _assets[objectId];
        if (asset.isDerived) revert Assets_Exists(objectId);
        _requireReported(derived);
        if (asset.owner == address(0)) {
            _register(derived.header, derived.owner, derived.policyHash, self);
        }
        asset.isDerived = true;
        _recordDues(asset, derived.parents);
        emit LineageRecorded(objectId, derived.order, derived.market, derived.parents, _dues(asset));
    }

    /// @inheritdoc IAssets
    function halt(bytes32 objectId) external onlyOwner(objectId) {
        _move(objectId, Standing.LIVE, Standing.HALTED);
        emit Halted(objectId);
    }

    /// @inheritdoc IAssets
    function resume(bytes32 objectId) external onlyOwner(objectId) {
        _move(objectId, Standing.HALTED, Standing.LIVE);
        emit Resumed(objectId);
    }

    /// @inheritdoc IAssets
    function retire(bytes32 objectId) external onlyOwner(objectId) {
        if (_assets[objectId].standing == Standing.RETIRED) {
            revert Assets_WrongStanding(objectId, Standing.RETIRED);
        }
        _assets[objectId].standing = Standing.RETIRED;
        emit Retired(objectId);
    }

    /// @inheritdoc IAssets
    function announceMarket(address market) external {
        if (msg.sender != curator) revert Assets_NotCurator(msg.sender);
        if (marketSince[market] != 0) revert Assets_KnownMarket(market);
        // The first market counts at once: no object has been registered under another expectation yet.
        uint64 from = uint64(block.timestamp) + (_hasMarket ? notice : 0);
        (_hasMarket, marketSince[market]) = (true, from);
        emit MarketAnnounced(market, from);
    }

    /// @inheritdoc IAssets
    function objectIdOf(bytes calldata header, address owner, bytes32 policyHash) public pure returns (bytes32) {
        if (header.length != HEADER_SIZE) revert Assets_BadHeader(header.length);
        return sha256(abi.encodePacked("allod/object/v1", header, owner, policyHash));
    }

    /// @inheritdoc IAssets
    function lineageOf(Derived calldata derived) public pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(derived.header), derived.owner, derived.policyHash, derived.parents));
    }

    /// @inheritdoc IAssets
    function standingOf(bytes32 objectId) external view returns (Standing) {
        return _assets[objectId].standing;
    }

    /// @inheritdoc IAssets
    function duesOf(bytes32 objectId) external view returns (address owner, Standing standing, Due[] memory dues) {
        Asset storage asset = _assets[objectId];
        (owner, standing, dues) = (asset.owner, asset.standing, _dues(asset));
    }

    /// @inheritdoc IAssets
    function payeesOf(bytes32 objectId)
        external
        view
        returns (address owner, Standing standing, address[] memory payees, Royalty[] memory royalties)
    {
        Asset storage asset = _assets[objectId];
        (owner, standing) = (asset.owner, asset.standing);
        uint256 count = asset.ancestors;
        (payees, royalties) = (new address[](count), new Royalty[](count));
        for (uint256 i; i < count; ++i) {
            (payees[i], royalties[i]) = (asset.dues[i].owner, asset.dues[i].royalty);
        }
    }

    /// @inheritdoc IAssets
    function royaltyOf(bytes32 objectId) external view returns (Royalty memory) {
        return _assets[objectId].self;
    }

    /// @inheritdoc IAssets
    function isDerived(bytes32 objectId) external view returns (bool) {
        return _assets[objectId].isDerived;
    }

    function _register(bytes calldata header, address owner, bytes32 policyHash, Royalty calldata self)
        private
        returns (bytes32 objectId)
    {
        objectId = objectIdOf(header, owner, policyHash);
        Asset storage asset = _assets[objectId];
        if (asset.owner != address(0)) revert Assets_Exists(objectId);
        if (self.bps > MAX_BPS) revert Assets_RoyaltiesTooHigh(self.bps, MAX_BPS);
        (asset.owner, asset.standing, asset.self) = (owner, Standing.LIVE, self);
        emit Registered(objectId, owner, policyHash, self);
    }

    /// The union of the parents' tables and of the parents. Entries of one ancestor are equal wherever they stand, because
    /// what an object asks for is fixed when it is registered.
    function _recordDues(Asset storage asset, bytes32[] calldata parents) private {
        if (parents.length > MAX_PARENTS) revert Assets_TooManyParents(parents.length, MAX_PARENTS);
        Due[] memory all = new Due[](MAX_ANCESTORS);
        uint256 count;
        uint256 bps;
        for (uint256 i; i < parents.length; ++i) {
            Asset storage parent = _assets[parents[i]];
            if (parent.owner == address(0)) continue;
            Due[] memory inherited = _dues(parent);
            for (uint256 j; j < inherited.length; ++j) (count, bps) = _add(all, count, bps, inherited[j]);
            (count, bps) = _add(all, count, bps, Due(parents[i], parent.owner, parent.self));
        }
        asset.ancestors = uint8(count);
        for (uint256 i; i < count; ++i) asset.dues[i] = all[i];
    }

    function _dues(Asset storage asset) private view returns (Due[] memory dues) {
        dues = new Due[](asset.ancestors);
        for (uint256 i; i < dues.length; ++i) dues[i] = asset.dues[i];
    }

    function _add(Due[] memory all, uint256 count, uint256 bps, Due memory due)
        private
        pure
        returns (uint256, uint256)
    {
        Royalty memory r = due.royalty;
        if (r.bps == 0 && r.floorPerSecond == 0 && r.floorPerOrder == 0) return (count, bps);
        for (uint256 i; i < count; ++i) if (all[i].ancestor == due.ancestor) return (count, bps);
        if (count == MAX_ANCESTORS) revert Assets_TooManyAncestors(count + 1, MAX_ANCESTORS);
        bps += r.bps;
        if (bps > MAX_BPS) revert Assets_RoyaltiesTooHigh(bps, MAX_BPS);
        all[count] = due;
        return (count + 1, bps);
    }

    function _requireReported(Derived calldata derived) private view {
        uint64 since = marketSince[derived.market];
        if (since == 0 || since > block.timestamp) revert Assets_UnknownMarket(derived.market);
        bytes32 lineage = lineageOf(derived);
        if (!IMarket(derived.market).hasReported(derived.order, derived.reportHash, lineage)) {
            revert Assets_LineageNotReported(derived.order, lineage);
        }
    }

    function _move(bytes32 objectId, Standing from, Standing to) private {
        Standing actual = _assets[objectId].standing;
        if (actual != from) revert Assets_WrongStanding(objectId, actual);
        _assets[objectId].standing = to;
    }
}
