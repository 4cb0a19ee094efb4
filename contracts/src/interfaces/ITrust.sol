// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A launch measurement and the build it starts.
struct Launch {
    /// SHA-256 of the platform's launch measurement.
    bytes32 measurement;
    bytes32 build;
    /// Where the source and the record of its reproducible build lie; at most 256 bytes.
    string source;
}

/// @title Which builds may open what is sealed
/// @notice Approving is slow, revoking is immediate and final. Revoking stops keys at once and leaves proved time payable.
/// Policies may pin builds themselves and then do not depend on the curator.
interface ITrust {
    event Announced(bytes32 indexed measurement, bytes32 indexed build, uint64 from, string source);
    event BuildRevoked(bytes32 indexed build);
    event MeasurementRevoked(bytes32 indexed measurement);

    error Trust_NotCurator(address caller);
    error Trust_Known(bytes32 measurement);
    error Trust_Unknown(bytes32 subject);
    error Trust_Revoked(bytes32 build);
    error Trust_ZeroBuild();
    error Trust_TooLong(uint256 length, uint256 max);

    /// @notice Maps a measurement to a build, from the end of the notice on. The build counts from its first
    /// measurement's notice on.
    function announce(Launch calldata launch) external;
    function revokeBuild(bytes32 build) external;
    function revokeMeasurement(bytes32 measurement) external;

    /// @notice The build that a measurement stands for now; 0 where unknown, not yet in force, or revoked.
    function buildOf(bytes32 measurement) external view returns (bytes32);
    function isApproved(bytes32 build) external view returns (bool);
    /// @notice When a build was announced and from when it counts (Unix seconds, 0 = unknown), and whether it was revoked.
    function recordOf(bytes32 build) external view returns (uint64 announcedAt, uint64 from, bool isRevoked);
    function notice() external view returns (uint64);
    function curator() external view returns (address);
}
