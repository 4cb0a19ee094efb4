// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What an owner rents out, on which terms: an EIP-712 message, free to publish. Prices are gross: `perSecond` in 1e-12
/// token units per second, `perOrder` in token units. Zero `capacity` or `maxRuns` means no limit. Times are Unix seconds.
struct Offer {
    address owner;
    address payee;
    address token;
    /// 1 compute (owner = provider), 2 object (subject = object id), 3 engine (subject = engine digest).
    uint8 kind;
    bytes32 subject;
    bytes32 manifestHash;
    bytes32 policyHash;
    /// The committee that holds the object's shares; 0 for compute, engines and what is public.
    bytes32 committee;
    bytes32 terms;
    uint128 perSecond;
    uint128 perOrder;
    uint32 minSeconds;
    uint32 maxSeconds;
    /// Orders that may run at once.
    uint32 capacity;
    /// Orders that may ever start.
    uint32 maxRuns;
    uint64 expiry;
    uint64 epoch;
    bytes32 salt;
}

uint8 constant COMPUTE = 1;
uint8 constant OBJECT = 2;
uint8 constant ENGINE = 3;

bytes32 constant OFFER_TYPEHASH = keccak256(
    "Offer(address owner,address payee,address token,uint8 kind,bytes32 subject,bytes32 manifestHash,bytes32 policyHash,bytes32 committee,bytes32 terms,uint128 perSecond,uint128 perOrder,uint32 minSeconds,uint32 maxSeconds,uint32 capacity,uint32 maxRuns,uint64 expiry,uint64 epoch,bytes32 salt)"
);

/// hashStruct of an offer: its name on chain, the same under every market. Offers are static, so they lie in calldata as
/// they are hashed; a word with bits that its type does not have yields a hash that nobody signed.
function hashOffer(Offer calldata offer) pure returns (bytes32 result) {
    bytes32 typeHash = OFFER_TYPEHASH;
    assembly ("memory-safe") {
        let free := mload(0x40)
        mstore(free, typeHash)
        calldatacopy(add(free, 0x20), offer, 576)
        result := keccak256(free, 608)
    }
}
