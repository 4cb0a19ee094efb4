// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {Attestation} from "../types/Order.sol";

/// The EIP-712 digests of what owners, keepers and enclaves sign.
abstract contract Statements is EIP712 {
    bytes32 private constant ENCLAVE_ATTESTED = keccak256(
        "EnclaveAttested(bytes32 order,uint32 generation,address enclave,bytes32 grantKeyHash,bytes32 build,bytes32 evidenceHash,bytes32 committee,uint64 validUntil)"
    );
    bytes32 private constant ALIVE = keccak256("Alive(bytes32 order,uint32 generation,uint64 from,uint64 upTo)");
    bytes32 private constant REPORTED =
        keccak256("Reported(bytes32 order,uint32 generation,bytes32 reportHash,bytes32 lineage)");
    bytes32 private constant FAILED = keccak256("Failed(bytes32 order,uint32 generation,bytes32 reason,uint8 input)");

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Allod", "1");
    }

    function _attested(bytes32 order, uint32 generation, Attestation calldata a, bytes32 committee)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedData(
            keccak256(
                abi.encode(
                    ENCLAVE_ATTESTED,
                    order,
                    generation,
                    a.enclave,
                    a.grantKeyHash,
                    a.build,
                    a.evidenceHash,
                    committee,
                    a.validUntil
                )
            )
        );
    }

    function _alive(bytes32 order, uint32 generation, uint64 from, uint64 upTo) internal view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(ALIVE, order, generation, from, upTo)));
    }

    function _reported(bytes32 order, uint32 generation, bytes32 reportHash, bytes32 lineage)
        internal
        view
        returns (bytes32)
    {
        return _hashTypedData(keccak256(abi.encode(REPORTED, order, generation, reportHash, lineage)));
    }

    function _failed(bytes32 order, uint32 generation, bytes32 reason, uint8 input) internal view returns (bytes32) {
        return _hashTypedData(keccak256(abi.encode(FAILED, order, generation, reason, input)));
    }
}
