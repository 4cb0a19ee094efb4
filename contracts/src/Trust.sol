// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITrust, Launch} from "./interfaces/ITrust.sol";

/// @title Which builds may open what is sealed
contract Trust is ITrust {
    struct Build {
        uint64 announcedAt;
        uint64 from;
        bool isRevoked;
    }

    struct Measurement {
        bytes32 build;
        uint64 from;
        bool isRevoked;
    }

    uint256 private constant MAX_SOURCE = 256;

    /// @inheritdoc ITrust
    address public immutable curator;
    /// @inheritdoc ITrust
    uint64 public immutable notice;

    mapping(bytes32 build => Build) private _builds;
    mapping(bytes32 measurement => Measurement) private _measurements;

    /// @param first builds that count at once: nobody has sealed anything under another expectation yet
    constructor(address curator_, uint64 notice_, Launch[] memory first) {
        (curator, notice) = (curator_, notice_);
        for (uint256 i; i < first.length; ++i) _announce(first[i], uint64(block.timestamp));
    }

    modifier onlyCurator() {
        if (msg.sender != curator) revert Trust_NotCurator(msg.sender);
        _;
    }

    /// @inheritdoc ITrust
    function announce(Launch calldata launch) external onlyCurator {
        _announce(launch, uint64(block.timestamp) + notice);
    }

    /// @inheritdoc ITrust
    function revokeBuild(bytes32 build) external onlyCurator {
        if (_builds[build].from == 0) revert Trust_Unknown(build);
        _builds[build].isRevoked = true;
        emit BuildRevoked(build);
    }

    /// @inheritdoc ITrust
    function revokeMeasurement(bytes32 measurement) external onlyCurator {
        if (_measurements[measurement].from == 0) revert Trust_Unknown(measurement);
        _measurements[measurement].isRevoked = true;
        emit MeasurementRevoked(measurement);
    }

    /// @inheritdoc ITrust
    function buildOf(bytes32 measurement) external view returns (bytes32) {
        Measurement memory known = _measurements[measurement];
        if (known.from == 0 || known.from > block.timestamp || known.isRevoked || !isApproved(known.build)) return 0;
        return known.build;
    }

    /// @inheritdoc ITrust
    function isApproved(bytes32 build) public view returns (bool) {
        Build memory known = _builds[build];
        return known.from != 0 && known.from <= block.timestamp && !known.isRevoked;
    }

    /// @inheritdoc ITrust
    function recordOf(bytes32 build) external view returns (uint64 announcedAt, uint64 from, bool isRevoked) {
        Build memory known = _builds[build];
        return (known.announcedAt, known.from, known.isRevoked);
    }

    function _announce(Launch memory launch, uint64 from) private {
        if (launch.build == 0) revert Trust_ZeroBuild();
        if (bytes(launch.source).length > MAX_SOURCE) revert Trust_TooLong(bytes(launch.source).length, MAX_SOURCE);
        if (_measurements[launch.measurement].from != 0) revert Trust_Known(launch.measurement);
        Build storage known = _builds[launch.build];
        if (known.isRevoked) revert Trust_Revoked(launch.build);
        if (known.from == 0) (known.announcedAt, known.from) = (uint64(block.timestamp), from);
        _measurements[launch.measurement] = Measurement(launch.build, from, false);
        emit Announced(launch.measurement, launch.build, from, launch.source);
    }
}
