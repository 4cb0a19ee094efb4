// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OBJECT, Offer} from "../src/types/Offer.sol";
import {Attestation, FINETUNE, Request, Terms} from "../src/types/Order.sol";
import {Fixture} from "./fixture/Fixture.sol";
import {vm} from "./fixture/Vm.sol";

/// Whole transactions, calldata and 21,000 included. "Steady": every payee, every offer and the buyer have been here
/// before; the limits are those of the steady state.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    bytes32 private _tuned;

    function setUp() public override {
        super.setUp();
        _tuned = _derive();
    }

    /// Four signed offers (compute with a capacity, a derived model with a limit of runs, a dataset, an engine), one royalty.
    function test_lifeCycleOfFourOffersAndARoyalty() public {
        Offer[] memory offers = _offers();
        offers[1] = _offer(TUNER, OBJECT, _tuned, 100e12, 5_000_000);
        offers[1].maxRuns = 1000;
        for (uint256 i; i < 4; ++i) offers[i].salt = keccak256(abi.encode(i));
        _cycle(offers, "first");
        assertLe(_cycle(offers, "steady"), 560_000);
    }

    function _cycle(Offer[] memory offers, string memory group) private returns (uint256 total) {
        Request memory request = _request(FINETUNE);
        (request.salt, request.specHash) = (keccak256(abi.encode(request.salt)), keccak256("spec"));
        Terms memory terms = _terms(offers, request);
        bytes[] memory signatures = _signatures(offers);
        vm.prank(BUYER);
        bytes32 id = market.create(offers, signatures, request);
        total += _within(group, "create", 230_000);

        Attestation memory attestation = _attestation();
        (attestation.grantKeyHash, attestation.build) = (keccak256("key"), keccak256("build"));
        attestation.evidenceHash = keccak256("evidence");
        bytes[] memory votes = _votes(id, 1, attestation);
        vm.prank(vm.addr(PROVIDER));
        market.start(terms, attestation, votes);
        total += _within(group, "start", 100_000);

        uint64 from = uint64(_now());
        vm.warp(from + 1800);
        votes = _alive(id, 1, from, from + 1800);
        market.beat(id, 1, from, from + 1800, votes);
        total += _within(group, "beat", 50_000);

        bytes memory signature = _reportSignature(id, 1, keccak256("report"), keccak256("lineage"));
        market.report(id, 1, keccak256("report"), keccak256("lineage"), signature);
        total += _within(group, "report", 70_000);

        vm.prank(BUYER);
        market.end(terms);
        total += _within(group, "end", 60_000);

        market.claim(terms, type(uint256).max);
        total += _within(group, "claim all", 105_000);
    }

    function _within(string memory group, string memory name, uint256 limit) private returns (uint256 gas) {
        gas = vm.snapshotGasLastCall(group, name);
        if (keccak256(bytes(group)) == keccak256("steady")) assertLe(gas, limit);
    }
}
