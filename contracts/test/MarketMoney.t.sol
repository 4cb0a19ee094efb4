// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {Offer} from "../src/types/Offer.sol";
import {FINETUNE, OrderState, State, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// A token that can be told to misbehave.
contract OddToken is ERC20 {
    uint256 public fee;
    address public blocked;
    address public reenter;
    bytes public call;

    function name() public pure override returns (string memory) {
        return "Odd";
    }

    function symbol() public pure override returns (string memory) {
        return "ODD";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function block_(address who) external {
        blocked = who;
    }

    function onTransfer(address target, bytes calldata data) external {
        (reenter, call) = (target, data);
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal override {
        require(to != blocked || to == address(0), "blocked");
        if (from == address(0) || reenter == address(0)) return;
        (address target, bytes memory data) = (reenter, call);
        reenter = address(0);
        (bool ok,) = target.call(data);
        require(ok, "reentry failed");
    }

    function _afterTokenTransfer(address, address to, uint256 amount) internal override {
        if (fee != 0 && to != address(0) && amount >= fee) _burn(to, fee);
    }
}

/// Deposits, and from inside the transfer calls again.
contract Thief {
    IMarket private immutable _market;

    constructor(IMarket market, address token) {
        _market = market;
        ERC20(token).approve(address(market), type(uint256).max);
    }

    function deposit(uint256 amount) external {
        _market.deposit(amount);
    }

    function withdraw(uint256 amount) external {
        _market.withdraw(address(this), amount);
    }
}

contract MarketMoneyTest is Fixture {
    OddToken private _odd;
    IMarket private _oddMarket;

    function setUp() public override {
        super.setUp();
        _odd = new OddToken();
        _oddMarket = _market(address(_odd));
    }

    function testFuzz_depositAndWithdraw(uint128 amount, uint128 out) public {
        token.mint(STRANGER, amount);
        vm.startPrank(STRANGER);
        token.approve(address(market), amount);
        market.deposit(amount);
        assertEq(market.balanceOf(STRANGER), amount);
        if (out > amount) {
            vm.expectRevert(
                abi.encodeWithSelector(IMarket.Market_InsufficientBalance.selector, STRANGER, amount, out)
            );
            market.withdraw(STRANGER, out);
        } else {
            market.withdraw(address(0xD0), out);
            assertEq(token.balanceOf(address(0xD0)), out);
            assertEq(market.balanceOf(STRANGER), amount - out);
        }
        vm.stopPrank();
    }

    function test_depositWithPermit() public {
        address owner = vm.addr(0x77);
        token.mint(owner, 500);
        (uint8 v, bytes32 r, bytes32 s) = _permit(0x77, 500);
        vm.prank(owner);
        market.depositWithPermit(500, _now(), v, r, s);
        assertEq(market.balanceOf(owner), 500);
    }

    function test_depositWithAPermitThatSomebodySubmittedFirst() public {
        address owner = vm.addr(0x77);
        token.mint(owner, 500);
        (uint8 v, bytes32 r, bytes32 s) = _permit(0x77, 500);
        token.permit(owner, address(market), 500, _now(), v, r, s);
        vm.prank(owner);
        market.depositWithPermit(500, _now(), v, r, s);
        assertEq(market.balanceOf(owner), 500);
    }

    function test_refusesATokenThatTakesFees() public {
        _odd.mint(address(this), 1000);
        _odd.approve(address(_oddMarket), 1000);
        _odd.setFee(1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_FeeOnTransfer.selector, 100, 99));
        _oddMarket.deposit(100);
    }

    function test_aBlockedReceiverBlocksOnlyItself() public {
        for (uint160 i = 1; i <= 2; ++i) {
            _odd.mint(address(0xAB00 + i), 10);
            vm.startPrank(address(0xAB00 + i));
            _odd.approve(address(_oddMarket), 10);
            _oddMarket.deposit(10);
            vm.stopPrank();
        }
        _odd.block_(address(0xAB01));
        vm.prank(address(0xAB01));
        vm.expectRevert();
        _oddMarket.withdraw(address(0xAB01), 10);
        vm.prank(address(0xAB02));
        _oddMarket.withdraw(address(0xAB02), 10);
        assertEq(_odd.balanceOf(address(0xAB02)), 10);
    }

    function test_reenteringDepositsAndWithdrawalsGainNothing() public {
        Thief thief = new Thief(_oddMarket, address(_odd));
        _odd.mint(address(thief), 1000);
        _odd.mint(address(this), 1000);
        _odd.approve(address(_oddMarket), 1000);
        _oddMarket.deposit(1000);
        thief.deposit(100);

        // A second deposit inside the first would be counted twice.
        _odd.onTransfer(address(thief), abi.encodeCall(Thief.deposit, (10)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_FeeOnTransfer.selector, 100, 110));
        thief.deposit(100);
        _odd.onTransfer(address(thief), abi.encodeCall(Thief.withdraw, (50)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_FeeOnTransfer.selector, 100, 50));
        thief.deposit(100);
        // A withdrawal inside a withdrawal finds the balance already lowered.
        _odd.onTransfer(address(thief), abi.encodeCall(Thief.withdraw, (60)));
        vm.expectRevert();
        thief.withdraw(60);
        _odd.onTransfer(address(thief), abi.encodeCall(Thief.withdraw, (40)));
        thief.withdraw(60);
        assertEq(_oddMarket.balanceOf(address(thief)), 0);
        assertEq(_odd.balanceOf(address(_oddMarket)), 1000);
    }

    function test_pauseEndsByItselfAndCannotBeChained() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_NotPauser.selector, address(this)));
        market.pause();
        uint256 until = _now() + PAUSE_WINDOW;
        vm.prank(PAUSER);
        market.pause();
        assertEq(market.pausedUntil(), until);
        vm.warp(until + PAUSE_WINDOW - 1);
        vm.prank(PAUSER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Market_PauseTooSoon.selector, until + PAUSE_WINDOW));
        market.pause();
        vm.warp(until + PAUSE_WINDOW);
        vm.prank(PAUSER);
        market.pause();
    }

    function test_pauseStopsNeitherTimeNorMoney() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 t0 = _now();
        vm.prank(PAUSER);
        market.pause();
        vm.warp(t0 + 100);
        _beat(id, t0, t0 + 100);
        _report(id, 0);
        vm.prank(BUYER);
        market.end(terms);
        market.claim(terms, type(uint256).max);
        assertEq(uint8(market.orderOf(id).state), uint8(State.SETTLED));
        uint256 all = market.balanceOf(BUYER);
        vm.prank(BUYER);
        market.withdraw(BUYER, all);
    }

    function test_amountsOverTheLimitOfAnOrderCannotBeAddedByExtending() public {
        Offer[] memory offers = new Offer[](1);
        offers[0] = _offer(PROVIDER, 1, "machine", uint128((uint256(1) << 87) * 1e12 / SECS), 0);
        _fund(BUYER, uint256(1) << 91);
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        _start(id, terms);
        vm.prank(BUYER);
        try market.extend(terms, offers, SECS * 2, type(uint256).max) {
            assertTrue(false);
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) == (IMarket.Market_AmountTooLarge.selector));
        }
    }

    // --- keyRelease ---

    function _reason(Terms memory terms, address enclave, bytes32 build, bytes32 objectId, bytes32 offer)
        private
        view
        returns (bytes4)
    {
        (bool ok, bytes4 reason) = market.keyRelease(terms, enclave, build, objectId, offer);
        assertTrue(ok == (reason == 0));
        return reason;
    }

    function _assertReason(bytes4 actual, bytes4 expected) private pure {
        assertTrue(actual == expected);
    }

    function test_keysOnlyForTheRecordedEnclaveOfARunningOrder() public {
        Offer[] memory offers = _offers();
        (bytes32 id, Terms memory terms) = _create(offers, FINETUNE);
        address enclave = vm.addr(ENCLAVE);
        bytes32 offer = terms.offers[1];
        _assertReason(_reason(terms, enclave, BUILD, model, offer), IMarket.Market_WrongState.selector);
        _start(id, terms);
        _assertReason(_reason(terms, enclave, BUILD, model, offer), bytes4(0));
        _assertReason(_reason(terms, STRANGER, BUILD, model, offer), IMarket.Market_WrongEnclave.selector);
        _assertReason(_reason(terms, address(0), BUILD, model, offer), IMarket.Market_WrongEnclave.selector);
        _assertReason(_reason(terms, enclave, "other", model, offer), IMarket.Market_BuildNotApproved.selector);
        _assertReason(_reason(terms, enclave, 0, model, offer), bytes4(0));
        _assertReason(_reason(terms, enclave, BUILD, model, "other"), IMarket.Market_WrongOffer.selector);
        // A buyer's own input has no offer, and need not be registered.
        _assertReason(_reason(terms, enclave, BUILD, "own", 0), bytes4(0));
        _assertReason(_reason(terms, enclave, BUILD, "own", offer), IMarket.Market_ObjectNotLive.selector);
        terms.specHash = "other";
        _assertReason(_reason(terms, enclave, BUILD, model, offer), IMarket.Market_WrongState.selector);
    }

    function test_keysNotAfterTheTermNorTheEnd() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        uint256 over = _now() + SECS;
        vm.warp(over - 1);
        _assertReason(_reason(terms, vm.addr(ENCLAVE), BUILD, model, terms.offers[1]), bytes4(0));
        vm.warp(over);
        _assertReason(_reason(terms, vm.addr(ENCLAVE), BUILD, model, terms.offers[1]), IMarket.Market_TooLate.selector
        );
        market.end(terms);
        _assertReason(_reason(terms, vm.addr(ENCLAVE), BUILD, model, terms.offers[1]), IMarket.Market_WrongState.selector
        );
        assertEq(uint8(market.orderOf(id).state), uint8(State.ENDED));
    }

    function test_keysNotForHaltedRetiredOrRevoked() public {
        (, Terms memory terms) = _started(FINETUNE);
        address enclave = vm.addr(ENCLAVE);
        vm.prank(vm.addr(MODEL));
        assets.halt(model);
        _assertReason(_reason(terms, enclave, BUILD, model, terms.offers[1]), IMarket.Market_ObjectNotLive.selector
        );
        vm.prank(vm.addr(DATA));
        assets.retire(data);
        _assertReason(_reason(terms, enclave, BUILD, data, 0), IMarket.Market_ObjectNotLive.selector);
        vm.prank(CURATOR);
        trust.revokeBuild(BUILD);
        _assertReason(_reason(terms, enclave, BUILD, 0, 0), IMarket.Market_BuildNotApproved.selector);
    }

    function test_keysNotForTheEnclaveBeforeTheLast() public {
        (bytes32 id, Terms memory terms) = _started(FINETUNE);
        (address[2] memory enclaves) = [vm.addr(ENCLAVE), STRANGER];
        _rebind(id, terms, STRANGER);
        _assertReason(_reason(terms, enclaves[0], BUILD, 0, 0), IMarket.Market_WrongEnclave.selector);
        _assertReason(_reason(terms, enclaves[1], BUILD, 0, 0), bytes4(0));
    }

    function test_readsWhereTheContractsAre() public view {
        assertEq(market.token(), address(token));
        assertEq(market.assets(), address(assets));
        assertEq(market.registry(), address(registry));
        assertEq(market.trust(), address(trust));
        assertEq(market.catalog(), address(catalog));
        assertEq(market.pauser(), PAUSER);
        assertEq(market.startWindow(), START_WINDOW);
        assertEq(market.reportWindow(), REPORT_WINDOW);
        assertEq(market.closeWindow(), CLOSE_WINDOW);
        assertEq(market.pauseWindow(), PAUSE_WINDOW);
        OrderState memory none = market.orderOf("nothing");
        assertEq(uint8(none.state), uint8(State.NONE));
        assertEq(none.createdBlock, 0);
    }

    function _permit(uint256 key, uint256 amount) private view returns (uint8, bytes32, bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                vm.addr(key),
                address(market),
                amount,
                token.nonces(vm.addr(key)),
                _now()
            )
        );
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
