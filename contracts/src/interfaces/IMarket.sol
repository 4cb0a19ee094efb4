// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Offer} from "../types/Offer.sol";
import {Attestation, Lane, OrderState, Request, State, Terms} from "../types/Order.sol";

/// @title Orders, attested time and money
/// @notice OPEN, by `create` → ACTIVE, by `start` → ENDED, by `end`, `fail` or `stop` → SETTLED, once nothing is locked.
/// `expire` and an early `end` lead from OPEN to SETTLED with everything refunded.
///
/// An order locks the most it can cost. Each of its lanes earns floor(perSecond × attested seconds / 1e12), and perOrder
/// once the order's fees vested: of finetune and run by `report`, of serve by the first `beat`. What can no longer be
/// earned returns to the buyer as soon as that is certain. A payee's claim needs nobody's consent and cannot fail because
/// of another payee; amounts become balances, and `withdraw` is the only thing that moves tokens out.
///
/// Storage keeps what changes. Everything else is in the order's terms, which its id commits to and calls bring along:
/// id = keccak256(abi.encode(keccak256("allod/order/v1"), chainId, market, buyer, salt, keccak256(offer hashes), keccak256(abi.encode(lanes)), specHash, seconds)).
///
/// There is no admin, no upgrade and no court. The pauser can delay new orders and starts, for a time that ends by itself.
/// Signatures are EIP-712 in the domain ("Allod", "1", chain, this contract). Lists of votes are strictly ascending by
/// signer, low-s, 65 bytes. The token must not take fees on transfer, and must not rebase.
/// Timestamps are kept in 32 bits: in 2106 no order can be created any more, and none is harmed.
interface IMarket {
    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event Created(
        bytes32 indexed order,
        address indexed buyer,
        address indexed provider,
        bytes32 committee,
        uint8 job,
        uint256 escrow,
        uint64 startBy,
        Terms terms
    );
    /// @notice The order runs, or runs again, in this enclave; generation 1 is the start. `signers`: bit i stands for the
    /// i-th signer of the committee's record; it counts all generations.
    event Bound(
        bytes32 indexed order,
        address indexed enclave,
        uint32 generation,
        bytes32 grantKeyHash,
        bytes32 build,
        bytes32 evidenceHash,
        uint16 signers
    );
    event Attested(bytes32 indexed order, uint64 from, uint64 upTo, uint32 attestedSeconds);
    event Reported(bytes32 indexed order, uint32 generation, bytes32 reportHash, bytes32 lineage);
    event Failed(bytes32 indexed order, bytes32 reason, uint8 input);
    /// @notice A halted or retired object stopped the order.
    event Stopped(bytes32 indexed order, bytes32 indexed objectId, uint8 lane);
    event Extended(bytes32 indexed order, uint32 secs, uint256 added);
    /// @notice The term is over; `refund` returned to the buyer at once.
    event Ended(bytes32 indexed order, uint64 endedAt, uint256 refund);
    /// @notice The order never started; everything returned to the buyer.
    event Expired(bytes32 indexed order, uint256 refund);
    /// @notice `amounts[i]` went to lane i; the keepers' lane is split evenly among `signers`, the remainder to the first.
    event Claimed(bytes32 indexed order, uint256[] amounts, uint256 refund, uint16 signers);
    event PausedUntil(uint64 until);

    error Market_WrongState(bytes32 order, State actual);
    error Market_OrderExists(bytes32 order);
    error Market_Paused(uint256 until);
    error Market_NotPauser(address caller);
    error Market_PauseTooSoon(uint256 earliest);
    error Market_BadJob(uint8 job);
    error Market_BadOfferCount(uint256 count, uint256 max);
    error Market_LengthMismatch(uint256 expected, uint256 actual);
    error Market_BadKind(uint256 index, uint8 kind);
    error Market_WrongToken(uint256 index, address expected, address actual);
    error Market_OfferExpired(uint256 index, uint256 expiry);
    error Market_OfferRevoked(uint256 index, bytes32 offer);
    error Market_WrongEpoch(uint256 index, uint256 expected, uint256 actual);
    error Market_TermOutOfRange(uint256 index, uint256 secs, uint256 min, uint256 max);
    error Market_WrongCommittee(uint256 index, bytes32 expected, bytes32 actual);
    error Market_UnknownCommittee(bytes32 committee);
    error Market_BadOfferSignature(uint256 index, address owner);
    error Market_NotObjectOwner(uint256 index, address expected, address actual);
    error Market_ObjectNotLive(bytes32 objectId);
    error Market_ObjectIsLive(bytes32 objectId);
    error Market_TooManyLanes(uint256 max);
    error Market_EscrowOverMax(uint256 escrow, uint256 max);
    error Market_InsufficientBalance(address account, uint256 balance, uint256 needed);
    error Market_NotProvider(address provider, address caller);
    error Market_NotBuyer(address buyer, address caller);
    error Market_NotParty(address caller);
    error Market_TooLate(uint256 deadline);
    error Market_TooEarly(uint256 earliest);
    error Market_NoCapacity(bytes32 offer, uint256 capacity);
    error Market_NoRunsLeft(bytes32 offer, uint256 maxRuns);
    error Market_TooFewVotes(uint256 needed, uint256 given);
    error Market_BadVote(uint256 index);
    error Market_ZeroEnclave();
    error Market_WrongEnclave(address expected, address actual);
    error Market_WrongGeneration(uint256 expected, uint256 actual);
    error Market_BadInterval(uint256 from, uint256 upTo);
    error Market_NothingNew(uint256 attestedUpTo);
    error Market_AlreadyReported(bytes32 order);
    error Market_AlreadyFailed(bytes32 order);
    error Market_BadInput(uint256 input);
    error Market_WrongOffer(bytes32 expected, bytes32 actual);
    error Market_BuildNotApproved(bytes32 build);
    error Market_FeeOnTransfer(uint256 expected, uint256 received);
    error Market_AmountTooLarge(uint256 amount);

    // --- money -----------------------------------------------------------------------------------------------------

    /// @notice Moves tokens of the caller into its balance here. Refuses tokens that arrive short.
    function deposit(uint256 amount) external;

    /// @notice `deposit` after an EIP-2612 permit. A permit that somebody else already submitted does no harm.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves the caller's balance out, to `to`.
    function withdraw(address to, uint256 amount) external;

    // --- the life of an order ----------------------------------------------------------------------------------------

    /// @notice Locks the price of an order from the caller's balance. The first offer is compute, the others are not; each
    /// must be signed, current, unrevoked, within its term and of this committee. Consumes nothing of an offer's capacity.
    /// @dev At most 8 lanes in all. Royalties: lane = max(bps × gross price, floor); the offer's owner earns the gross
    /// price less the bps part; what floors ask beyond it comes on top.
    function create(Offer[] calldata offers, bytes[] calldata signatures, Request calldata request)
        external
        returns (bytes32 order);

    /// @notice Records the attested enclave as generation 1 and starts the term; by the provider or its registered key, up
    /// to `startBy`. Counts capacity and runs of every offer; refuses where one was voided since `create`.
    /// @param votes at least t of the committee over EnclaveAttested with generation 1
    function start(Terms calldata terms, Attestation calldata attestation, bytes[] calldata votes) external;

    /// @notice Replaces the enclave and raises the generation by one; by the provider, while the term lasts.
    function rebind(Terms calldata terms, Attestation calldata attestation, bytes[] calldata votes) external;

    /// @notice Adds attested time, by anyone, up to `closeWindow` after the end. Seconds before `attestedUpTo` and after
    /// the end do not count; a gap that was passed over stays unpaid. Vests the fees of serve.
    /// @param votes at least t of the committee over Alive; any generation up to the present one
    function beat(bytes32 order, uint32 generation, uint64 from, uint64 upTo, bytes[] calldata votes) external;

    /// @notice Records the report's hash and the lineage of what was derived, by anyone, once, up to `reportWindow` after
    /// the end. Vests the fees of finetune and run.
    /// @param signature by the recorded enclave over Reported
    function report(bytes32 order, uint32 generation, bytes32 reportHash, bytes32 lineage, bytes calldata signature)
        external;

    /// @notice Ends the order because its enclave says that it failed. Fees that have not vested never will; the lane of
    /// the offer `input` (255: none) is paid nothing more.
    /// @param signature by the recorded enclave over Failed
    function fail(Terms calldata terms, uint32 generation, bytes32 reason, uint8 input, bytes calldata signature) external;

    /// @notice Ends the order: by buyer or provider at any time (while OPEN with a full refund), by anyone after the term.
    /// Unused time is refunded at once; fees wait for a report for `reportWindow`, unproved time for `closeWindow`.
    function end(Terms calldata terms) external;

    /// @notice Ends a running order on an object that its owner halted or retired, by anyone. That lane is paid nothing
    /// more.
    /// @param offer the offer of that lane
    function stop(Terms calldata terms, Offer calldata offer, uint8 lane) external;

    /// @notice Refunds an order whose provider never started it, by anyone, after `startBy`.
    function expire(Terms calldata terms) external;

    /// @notice Lengthens the term, by the buyer, from its balance, at the lanes agreed; within every offer's limits.
    /// @param maxAdded the most the buyer agrees to add to the escrow
    function extend(Terms calldata terms, Offer[] calldata offers, uint32 addedSeconds, uint256 maxAdded) external;

    /// @notice Pays what the lanes in `mask` have earned, and refunds what can no longer be earned; by anyone.
    function claim(Terms calldata terms, uint256 mask) external returns (uint256[] memory amounts, uint256 refund);

    function claimMany(Terms[] calldata terms, uint256[] calldata masks) external;

    /// @notice Keeps orders from being created and started for `pauseWindow`. Everything else goes on. The next pause can
    /// begin only one `pauseWindow` after the last one ended.
    function pause() external;

    // --- reading -----------------------------------------------------------------------------------------------------

    function idOf(Terms calldata terms) external view returns (bytes32);
    function orderOf(bytes32 order) external view returns (OrderState memory);
    function balanceOf(address account) external view returns (uint256);
    /// @notice Orders on an offer that run now, and that ever started. Running ones are counted where
    /// the offer has a capacity, runs where it has either limit.
    function usageOf(bytes32 offer) external view returns (uint256 running, uint256 runs);
    /// @notice The lanes and the escrow that `create` would make of these offers now; checks no signature.
    function quote(Offer[] calldata offers, bytes32 committee, uint32 secs)
        external
        view
        returns (Lane[] memory lanes, uint256 escrow);
    /// @notice What `claim` would pay each lane and refund now.
    function claimable(Terms calldata terms) external view returns (uint256[] memory amounts, uint256 refund);
    /// @notice Whether exactly this was reported.
    function hasReported(bytes32 order, bytes32 reportHash, bytes32 lineage) external view returns (bool);

    /// @notice Whether a keeper may release keys of an object to an enclave. Read it at a final block, by hash.
    /// @param build the build voted for; 0 asks nothing of Trust, for inputs whose policies pin builds themselves
    /// @param objectId 0 asks nothing of Assets
    /// @param offer the offer under which the object was rented; 0 for the buyer's own
    /// @return ok true only for an ACTIVE order within its term and exactly this enclave
    /// @return reason 0, or the selector of the error that says why not
    function keyRelease(Terms calldata terms, address enclave, bytes32 build, bytes32 objectId, bytes32 offer)
        external
        view
        returns (bool ok, bytes4 reason);

    function token() external view returns (address);
    function assets() external view returns (address);
    function registry() external view returns (address);
    function trust() external view returns (address);
    function catalog() external view returns (address);
    function pauser() external view returns (address);
    function startWindow() external view returns (uint64);
    function reportWindow() external view returns (uint64);
    function closeWindow() external view returns (uint64);
    function pauseWindow() external view returns (uint64);
    function pausedUntil() external view returns (uint64);
}
