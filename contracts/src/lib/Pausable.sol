// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "../interfaces/IMarket.sol";

/// A pause that ends by itself and cannot be chained.
abstract contract Pausable is IMarket {
    /// @inheritdoc IMarket
    address public immutable pauser;
    /// @inheritdoc IMarket
    uint64 public immutable pauseWindow;
    /// @inheritdoc IMarket
    uint64 public pausedUntil;

    constructor(address pauser_, uint64 pauseWindow_) {
        (pauser, pauseWindow) = (pauser_, pauseWindow_);
    }

    modifier whenNotPaused() {
        if (pauser != address(0) && block.timestamp < pausedUntil) revert Market_Paused(pausedUntil);
        _;
    }

    /// @inheritdoc IMarket
    function pause() external {
        if (msg.sender != pauser) revert Market_NotPauser(msg.sender);
        uint256 earliest = pausedUntil == 0 ? 0 : uint256(pausedUntil) + pauseWindow;
        if (block.timestamp < earliest) revert Market_PauseTooSoon(earliest);
        pausedUntil = uint64(block.timestamp) + pauseWindow;
        emit PausedUntil(pausedUntil);
    }
}
