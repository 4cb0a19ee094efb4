// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What whatever derives from an object owes it: max(bps of gross price, floors). Floors: 1e-12 token units per second,
/// token units per order.
struct Royalty {
    uint16 bps;
    uint120 floorPerSecond;
    uint120 floorPerOrder;
}

/// An entry of an object's flat royalty table: whom its orders pay, beside its owner.
struct Due {
    bytes32 ancestor;
    address owner;
    Royalty royalty;
}

/// A derived object's registration, as the enclave that made it reported it.
struct Derived {
    /// The market whose order made it, the order, and the report's hash.
    address market;
    bytes32 order;
    bytes32 reportHash;
    bytes header;
    address owner;
    bytes32 policyHash;
    bytes32[] parents;
}

enum Standing {
    UNKNOWN,
    LIVE,
    HALTED,
    RETIRED
}

/// @title Who owns what is sealed, and what derives from what
/// @notice An object's id commits to its content, owner and policy. Key shares are bound to this contract, not to a market,
/// so objects outlive markets. Royalty tables are flat and immutable: an order pays every ancestor directly, never a
/// share of a share.
interface IAssets {
    event Registered(bytes32 indexed objectId, address indexed owner, bytes32 policyHash, Royalty self);
    /// @notice Lineage became known: `dues` is what every order on this object owes from now on.
    event LineageRecorded(bytes32 indexed objectId, bytes32 indexed order, address market, bytes32[] parents, Due[] dues);
    event Halted(bytes32 indexed objectId);
    event Resumed(bytes32 indexed objectId);
    event Retired(bytes32 indexed objectId);
    event MarketAnnounced(address indexed market, uint64 from);

    error Assets_BadHeader(uint256 length);
    error Assets_Exists(bytes32 objectId);
    error Assets_NotOwner(bytes32 objectId, address owner, address caller);
    error Assets_RoyaltiesTooHigh(uint256 bps, uint256 max);
    error Assets_TooManyAncestors(uint256 count, uint256 max);
    error Assets_TooManyParents(uint256 count, uint256 max);
    error Assets_LineageNotReported(bytes32 order, bytes32 lineage);
    error Assets_UnknownMarket(address market);
    error Assets_KnownMarket(address market);
    error Assets_WrongStanding(bytes32 objectId, Standing actual);
    error Assets_NotCurator(address caller);

    /// @notice Registers the caller's object. Its id is SHA-256("allod/object/v1" ‖ header ‖ caller ‖ policyHash).
    /// @dev Nothing here can tell whether an object derives from others: keepers compare the table with the policy's, and
    /// `registerDerived` adds the table even to an object that was registered as an original first.
    function register(bytes calldata header, bytes32 policyHash, Royalty calldata self) external returns (bytes32 objectId);

    /// @notice Registers what an order derived; only by its owner, and only as that order's enclave reported it. The table is the union of
    /// the registered parents' tables and of the parents themselves; parents that nobody registered are the buyer's own
    /// and owe nothing. Where the owner registered it as an original first, the lineage is added and `self` stays.
    function registerDerived(Derived calldata derived, Royalty calldata self) external returns (bytes32 objectId);

    /// @notice Stops running orders on the caller's object and keeps new ones from starting, until `resume`. A running
    /// order that somebody `stop`s meanwhile pays the object's lane nothing more.
    function halt(bytes32 objectId) external;
    function resume(bytes32 objectId) external;
    /// @notice Like `halt`, for ever.
    function retire(bytes32 objectId) external;

    /// @notice Lets a market's reports record lineage. The first market counts at once, later ones after the notice.
    function announceMarket(address market) external;

    /// @notice The id an object has or would have.
    function objectIdOf(bytes calldata header, address owner, bytes32 policyHash) external view returns (bytes32);
    /// @notice What an enclave reports as `lineage` for this registration:
    /// keccak256(abi.encode(keccak256(header), owner, policyHash, parents)).
    function lineageOf(Derived calldata derived) external pure returns (bytes32);
    function standingOf(bytes32 objectId) external view returns (Standing);
    /// @notice Owner, standing, and what orders on the object owe to others. Owner 0 where unknown.
    function duesOf(bytes32 objectId) external view returns (address owner, Standing standing, Due[] memory dues);
    /// @notice `duesOf` without the ancestors' names, for a slot less each: whom orders on the object pay, and what.
    function payeesOf(bytes32 objectId)
        external
        view
        returns (address owner, Standing standing, address[] memory payees, Royalty[] memory royalties);
    /// @notice What whatever derives from the object owes it.
    function royaltyOf(bytes32 objectId) external view returns (Royalty memory);
    function isDerived(bytes32 objectId) external view returns (bool);
    /// @notice Since when a market's reports count; 0 = never.
    function marketSince(address market) external view returns (uint64);
}
