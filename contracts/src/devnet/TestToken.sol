// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

/// @title Money of a devnet: worth nothing, minted by whoever deployed it
/// @notice Six decimals, with EIP-2612 permits.
contract TestToken is ERC20 {
    address public immutable minter;
    string private _name;
    string private _symbol;

    error TestToken_NotMinter(address caller);

    constructor(string memory name_, string memory symbol_) {
        (minter, _name, _symbol) = (msg.sender, name_, symbol_);
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert TestToken_NotMinter(msg.sender);
        _mint(to, amount);
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
