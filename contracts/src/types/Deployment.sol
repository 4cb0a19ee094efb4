// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What a market is made of. `pauser` 0: it can never be paused.
struct Parts {
    address token;
    address assets;
    address registry;
    address trust;
    address catalog;
    address pauser;
}

/// How long, in seconds, an order waits for its start, for a report after its end, and for proof of time after its end;
/// and how long a pause lasts.
struct Windows {
    uint64 start;
    uint64 report;
    uint64 close;
    uint64 pause;
}
