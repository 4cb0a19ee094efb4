// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";
import {Committee, IRegistry, Keeper, Provider} from "./interfaces/IRegistry.sol";
import {CommitteeRecord} from "./lib/CommitteeRecord.sol";

/// @title Providers, keepers and committees
contract Registry is IRegistry, EIP712 {
    struct Fee {
        /// The nonce at which the committee's record was created; 0 = unknown.
        uint24 number;
        uint112 perOrder;
        uint112 perSecond;
    }

    bytes32 private constant SEAT_TYPEHASH = keccak256("Seat(bytes32 keeper,address account,address payee)");
    uint256 private constant HPKE_KEY_SIZE = 1216;
    uint256 private constant MAX_TEXT = 256;
    uint256 private constant MAX_ENDPOINTS = 512;
    uint256 private constant MAX_MACHINES = 64;
    uint256 private constant MAX_MEMBERS = 16;

    uint24 private _created;
    mapping(address provider => Provider) private _providers;
    mapping(bytes32 keeper => Keeper) private _keepers;
    mapping(bytes32 committee => Fee) private _fees;

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Allod", "1");
    }

    /// @inheritdoc IRegistry
    function setProvider(Provider calldata provider) external {
        _requireLength(bytes(provider.endpoints).length, MAX_ENDPOINTS);
        _requireLength(provider.machines.length, MAX_MACHINES);
        _providers[msg.sender] = provider;
        emit ProviderSet(msg.sender, provider.key, provider.payee, provider.endpoints, provider.machines);
    }

    /// @inheritdoc IRegistry
    function registerKeeper(Keeper calldata keeper, bytes calldata seatSignature) external returns (bytes32 id) {
        if (keeper.hpkeKey.length != HPKE_KEY_SIZE) revert Registry_BadKey(keeper.hpkeKey.length);
        if (keeper.signer == address(0) || keeper.payee == address(0)) revert Registry_ZeroAddress();
        _requireLength(bytes(keeper.operator).length, MAX_TEXT);
        _requireLength(bytes(keeper.endpoint).length, MAX_TEXT);
        id = keeperIdOf(keeper.hpkeKey, keeper.signer);
        if (_keepers[id].signer != address(0)) revert Registry_KeeperExists(id);
        bytes32 digest = _hashTypedData(keccak256(abi.encode(SEAT_TYPEHASH, id, msg.sender, keeper.payee)));
        if (!SignatureCheckerLib.isValidSignatureNowCalldata(keeper.signer, digest, seatSignature)) {
            revert Registry_BadSeatSignature(keeper.signer);
        }
        _keepers[id] = keeper;
        _keepers[id].account = msg.sender;
        emit KeeperRegistered(id, msg.sender, keeper.signer, keeper.payee, keeper.hpkeKey, keeper.operator);
        emit KeeperRenewed(id, keeper.evidenceHash, keeper.endpoint, keeper.perOrder, keeper.perSecond);
    }

    /// @inheritdoc IRegistry
    function renewKeeper(
        bytes32 id,
        bytes32 evidenceHash,
        string calldata endpoint,
        uint112 perOrder,
        uint112 perSecond
    ) external {
        Keeper storage keeper = _keepers[id];
        if (keeper.signer == address(0)) revert Registry_UnknownKeeper(id);
        if (keeper.account != msg.sender) revert Registry_NotAccount(id, keeper.account, msg.sender);
        _requireLength(bytes(endpoint).length, MAX_TEXT);
        (keeper.evidenceHash, keeper.endpoint) = (evidenceHash, endpoint);
        (keeper.perOrder, keeper.perSecond) = (perOrder, perSecond);
        emit KeeperRenewed(id, evidenceHash, endpoint, perOrder, perSecond);
    }

    /// @inheritdoc IRegistry
    function registerCommittee(uint8 t, bytes32[] calldata keepers) external returns (bytes32 id) {
        id = committeeIdOf(t, keepers);
        if (_fees[id].number != 0) revert Registry_CommitteeExists(id);
        bytes32[] memory sorted = _bySigner(keepers);
        address[] memory payees = new address[](sorted.length);
        bytes memory record = abi.encodePacked(id, t, uint8(sorted.length));
        for (uint256 i; i < sorted.length; ++i) {
            Keeper storage keeper = _keepers[sorted[i]];
            payees[i] = keeper.payee;
            record = abi.encodePacked(record, keeper.signer, keeper.payee, sorted[i]);
        }
        SSTORE2.write(record);
        uint24 number = ++_created;
        _fees[id].number = number;
        emit CommitteeRegistered(id, number, t, sorted, payees);
        _setFee(id, sorted);
    }

    /// @inheritdoc IRegistry
    function refreshFee(bytes32 committee) external {
        _setFee(committee, committeeOf(committee).keepers);
    }

    /// @inheritdoc IRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        return _providers[provider];
    }

    /// @inheritdoc IRegistry
    function keyOf(address provider) external view returns (address) {
        return _providers[provider].key;
    }

    /// @inheritdoc IRegistry
    function keeperOf(bytes32 keeper) external view returns (Keeper memory) {
        return _keepers[keeper];
    }

    /// @inheritdoc IRegistry
    function keeperIdOf(bytes calldata hpkeKey, address signer) public pure returns (bytes32) {
        return sha256(abi.encodePacked("allod/keeper/v1", hpkeKey, signer));
    }

    /// @inheritdoc IRegistry
    function committeeOf(bytes32 committee) public view returns (Committee memory found) {
        uint24 number = _fees[committee].number;
        if (number == 0) revert Registry_UnknownCommittee(committee);
        bytes memory record = CommitteeRecord.read(recordOf(number));
        (found.id, found.t) = (committee, CommitteeRecord.threshold(record));
        uint256 n = CommitteeRecord.size(record);
        (found.keepers, found.signers, found.payees) = (new bytes32[](n), new address[](n), new address[](n));
        for (uint256 i; i < n; ++i) {
            found.keepers[i] = CommitteeRecord.keeper(record, i);
            found.signers[i] = CommitteeRecord.signer(record, i);
            found.payees[i] = CommitteeRecord.payee(record, i);
        }
    }

    /// @inheritdoc IRegistry
    function committeeIdOf(uint8 t, bytes32[] calldata keepers) public pure returns (bytes32) {
        uint256 n = keepers.length;
        if (t == 0 || t > n || n > MAX_MEMBERS) revert Registry_BadThreshold(t, n);
        for (uint256 i = 1; i < n; ++i) if (keepers[i - 1] >= keepers[i]) revert Registry_NotAscending(i);
        return sha256(abi.encodePacked("allod/committee/v1", t, uint8(n), keepers));
    }

    /// @inheritdoc IRegistry
    function feeOf(bytes32 committee) external view returns (uint24 number, uint112 perOrder, uint112 perSecond) {
        Fee memory fee = _fees[committee];
        return (fee.number, fee.perOrder, fee.perSecond);
    }

    /// @inheritdoc IRegistry
    function recordOf(uint24 number) public view returns (address) {
        return CommitteeRecord.locate(address(this), number);
    }

    function _setFee(bytes32 committee, bytes32[] memory keepers) private {
        uint112 perOrder;
        uint112 perSecond;
        for (uint256 i; i < keepers.length; ++i) {
            perOrder += _keepers[keepers[i]].perOrder;
            perSecond += _keepers[keepers[i]].perSecond;
        }
        (_fees[committee].perOrder, _fees[committee].perSecond) = (perOrder, perSecond);
        emit FeeSet(committee, perOrder, perSecond);
    }

    /// At most 16 members: insertion by signer. Two seats of one signer would let one key vote for both.
    function _bySigner(bytes32[] calldata keepers) private view returns (bytes32[] memory sorted) {
        sorted = new bytes32[](keepers.length);
        for (uint256 i; i < keepers.length; ++i) {
            address signer = _keepers[keepers[i]].signer;
            if (signer == address(0)) revert Registry_UnknownKeeper(keepers[i]);
            uint256 seat = i;
            for (; seat > 0 && _keepers[sorted[seat - 1]].signer >= signer; --seat) {
                if (_keepers[sorted[seat - 1]].signer == signer) revert Registry_SharedSigner(signer);
                sorted[seat] = sorted[seat - 1];
            }
            sorted[seat] = keepers[i];
        }
    }

    function _requireLength(uint256 length, uint256 max) private pure {
        if (length > max) revert Registry_TooLong(length, max);
    }
}
