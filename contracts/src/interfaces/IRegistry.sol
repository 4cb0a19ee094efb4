// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A provider of machines, under the account that signs its compute offers.
struct Provider {
    /// The hot key that signs Launch and may submit `start` and `rebind`.
    address key;
    address payee;
    /// Where to reach it, as its daemon understands it; at most 512 bytes.
    string endpoints;
    /// Ids of the chips that may run its orders; at most 64.
    bytes32[] machines;
}

struct Keeper {
    /// The account that registered it and may renew it.
    address account;
    /// The key that votes.
    address signer;
    address payee;
    /// Hash of the evidence that attests both of its keys.
    bytes32 evidenceHash;
    /// What it asks per order (token units) and per second (1e-12 token units).
    uint112 perOrder;
    uint112 perSecond;
    /// The X-Wing public key that shares are sealed to.
    bytes hpkeKey;
    /// Who runs it and where, for owners to judge; at most 256 bytes.
    string operator;
    /// Where to reach it; at most 256 bytes.
    string endpoint;
}

struct Committee {
    bytes32 id;
    uint8 t;
    /// Members in the order of their signers' addresses; `keepers`, `signers` and `payees` run in parallel.
    bytes32[] keepers;
    address[] signers;
    address[] payees;
}

/// @title Providers, keepers and committees
/// @notice A committee never changes, so it is kept as code, at the address of this contract's n-th creation: whoever knows
/// its number reads it with one EXTCODECOPY. The record is
/// 00 ‖ id[32] ‖ u8 t ‖ u8 n ‖ n × (signer[20] ‖ payee[20] ‖ keeper id[32]), by ascending signer.
interface IRegistry {
    event ProviderSet(address indexed provider, address key, address payee, string endpoints, bytes32[] machines);
    event KeeperRegistered(
        bytes32 indexed keeper, address indexed account, address signer, address payee, bytes hpkeKey, string operator
    );
    event KeeperRenewed(bytes32 indexed keeper, bytes32 evidenceHash, string endpoint, uint112 perOrder, uint112 perSecond);
    event CommitteeRegistered(bytes32 indexed committee, uint24 number, uint8 t, bytes32[] keepers, address[] payees);
    event FeeSet(bytes32 indexed committee, uint112 perOrder, uint112 perSecond);

    error Registry_TooLong(uint256 length, uint256 max);
    error Registry_BadKey(uint256 length);
    error Registry_ZeroAddress();
    error Registry_KeeperExists(bytes32 keeper);
    error Registry_UnknownKeeper(bytes32 keeper);
    error Registry_NotAccount(bytes32 keeper, address account, address caller);
    error Registry_BadSeatSignature(address signer);
    error Registry_CommitteeExists(bytes32 committee);
    error Registry_UnknownCommittee(bytes32 committee);
    error Registry_BadThreshold(uint256 t, uint256 n);
    error Registry_NotAscending(uint256 index);
    error Registry_SharedSigner(address signer);

    /// @notice Sets or replaces the caller's provider record.
    function setProvider(Provider calldata provider) external;

    /// @notice Registers a keeper under SHA-256("allod/keeper/v1" ‖ hpkeKey ‖ signer). `seatSignature` is the signer's
    /// EIP-712 signature over Seat(bytes32 keeper,address account,address payee) in this contract's domain
    /// ("Allod", "1"), so nobody takes a keeper's fees by registering it first.
    function registerKeeper(Keeper calldata keeper, bytes calldata seatSignature) external returns (bytes32 id);

    /// @notice New evidence, endpoint and asking price, by the keeper's account.
    function renewKeeper(
        bytes32 id, bytes32 evidenceHash, string calldata endpoint, uint112 perOrder, uint112 perSecond
    ) external;

    /// @notice Registers t of `keepers` (strictly ascending ids, 1 to 16). Its id is
    /// SHA-256("allod/committee/v1" ‖ u8 t ‖ u8 n ‖ ids); its fee is the sum of what its members ask now.
    function registerCommittee(uint8 t, bytes32[] calldata keepers) external returns (bytes32 id);

    /// @notice Sets a committee's fee to what its members ask now. Running orders keep theirs.
    function refreshFee(bytes32 committee) external;

    function providerOf(address provider) external view returns (Provider memory);
    function keyOf(address provider) external view returns (address);
    function keeperOf(bytes32 keeper) external view returns (Keeper memory);
    function keeperIdOf(bytes calldata hpkeKey, address signer) external view returns (bytes32);
    function committeeOf(bytes32 committee) external view returns (Committee memory);
    function committeeIdOf(uint8 t, bytes32[] calldata keepers) external view returns (bytes32);
    /// @notice Number of a committee (0 where unknown) and its fee.
    function feeOf(bytes32 committee) external view returns (uint24 number, uint112 perOrder, uint112 perSecond);
    /// @notice Address of the code that records a committee.
    function recordOf(uint24 number) external view returns (address);
}
