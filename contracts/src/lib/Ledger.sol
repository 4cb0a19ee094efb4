// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IMarket} from "../interfaces/IMarket.sol";

interface IERC20Permit {
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external;
}

/// Balances inside the market. Orders move amounts between balances and escrow; tokens move only here, last.
abstract contract Ledger is IMarket {
    /// @inheritdoc IMarket
    address public immutable token;
    /// @inheritdoc IMarket
    mapping(address account => uint256) public balanceOf;

    constructor(address token_) {
        token = token_;
    }

    /// @inheritdoc IMarket
    function deposit(uint256 amount) public {
        uint256 before = SafeTransferLib.balanceOf(token, address(this));
        SafeTransferLib.safeTransferFrom(token, msg.sender, address(this), amount);
        // Exactly the amount: a token that takes fees is refused, and so is whatever moves this balance meanwhile.
        uint256 received = SafeTransferLib.balanceOf(token, address(this)) - before;
        if (received != amount) revert Market_FeeOnTransfer(amount, received);
        _credit(msg.sender, amount);
        emit Deposited(msg.sender, amount);
    }

    /// @inheritdoc IMarket
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever saw the permit may have submitted it before us; then the allowance is there already.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        deposit(amount);
    }

    /// @inheritdoc IMarket
    function withdraw(address to, uint256 amount) external {
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        SafeTransferLib.safeTransfer(token, to, amount);
    }

    function _credit(address account, uint256 amount) internal {
        if (amount != 0) balanceOf[account] += amount;
    }

    function _debit(address account, uint256 amount) internal {
        uint256 balance = balanceOf[account];
        if (balance < amount) revert Market_InsufficientBalance(account, balance, amount);
        balanceOf[account] = balance - amount;
    }
}
