export { newAgentCard, type OfferedResult, offerResult } from './agent/agentCard.ts'
export {
  ask,
  type CallOptions,
  type ChatAnswer,
  type ChatEvent,
  type ChatOptions,
  callAgent,
  chat,
  type Message,
} from './agent/chat.ts'
export { readTranscript } from './agent/receipts.ts'
export { decodeToken, encodeToken, issueToken } from './agent/token.ts'
export { type AgentPolicy, type AgentVerdict, requireAgent, verifyAgent } from './agent/verifyAgent.ts'
export { type Allod, connect } from './allod.ts'
export { type Description, descriptionShape, type OfferKindName } from './listing/description.ts'
export { getOffer, kindOf, type Listing, listOffers, type OfferState } from './listing/listing.ts'
export { type ObjectFacts, objectOf } from './listing/objectOf.ts'
export { revokeOffer } from './listing/revokeOffer.ts'
export { signerOfKeeper } from './log/signerOfKeeper.ts'
export { verifyDecisionLog } from './log/verifyDecisionLog.ts'
export { type Currency, formatAmount, formatRate, parseAmount, RATE_SCALE, ratePerHour } from './money/amount.ts'
export { balanceOf, fund, withdraw } from './money/fund.ts'
export { checkNetwork, type PartFinding } from './network/checkNetwork.ts'
export { isLoopback, type Network, networkShape, parseNetwork } from './network/network.ts'
export { type ObjectHolders, objectHolders } from './object/objectHolders.ts'
export { type Replica, replicateObject } from './object/replicateObject.ts'
export { type Claimed, claimOrder, settleOrder } from './order/claimOrder.ts'
export { type Earning, earningsOf, type OrderMoney, orderMoney, ordersOnChain } from './order/earnings.ts'
export { endOrder, expireOrder } from './order/endOrder.ts'
export { type Extension, extendOrder, quoteExtension } from './order/extendOrder.ts'
export { type FollowOptions, followOrder, type OrderStep, type StepName, stepNames } from './order/followOrder.ts'
export type { JobChoices } from './order/newJob.ts'
export { type OrderBook, type OrderRecord, parseOrderRecord } from './order/orderRecord.ts'
export { type PlaceOptions, placeOrder } from './order/placeOrder.ts'
export {
  type InputChoice,
  type OrderRequest,
  type PayeeShare,
  type Quote,
  quote,
  requireMaxPrice,
} from './order/quote.ts'
export { sendJob } from './order/sendJob.ts'
export { describePolicy, type PolicyWords } from './policy/describePolicy.ts'
export { newPolicy, noRoyalty, type PolicyChoices } from './policy/newPolicy.ts'
export { sampleDataset } from './publish/memoryFolder.ts'
export { type OfferLimits, type Posted, type Price, postOffer, signOffer } from './publish/postOffer.ts'
export {
  type DatasetChoices,
  measureDataset,
  type PublishedDataset,
  publishDataset,
  requireRows,
} from './publish/publishDataset.ts'
export { type EngineChoices, type Machine, offerCompute, publishEngine } from './publish/publishEngine.ts'
export {
  type ModelFacts,
  modelFacts,
  type PublishChoices,
  type PublishedObject,
  publishModel,
} from './publish/publishModel.ts'
export { type SealChoices, type SealedHere, sealObject } from './publish/sealObject.ts'
export type { RecordedView } from './report/chainChecks.ts'
export { MAX_REPORT_BYTES, type ReportVerdict, verifyReport } from './report/verifyReport.ts'
export { fetchReport, type OrderReport, registerDerived } from './result/deriveObject.ts'
export { openResult, type ResultOptions } from './result/openResult.ts'
export { type EvidenceVerdict, refusedBy } from './verify/evidenceVerdict.ts'
export { type Link, links, linkWords, type ProofCheck } from './verify/proofCheck.ts'
export { hardwareTrust, type Trust } from './verify/trust.ts'
export { type BundleVerdict, verifyEvidence } from './verify/verifyEvidence.ts'
export { verifyEvidenceFile } from './verify/verifyEvidenceFile.ts'
export { verifyNrasFile } from './verify/verifyNrasFile.ts'
export { journalKey } from './wallet/orderKeys.ts'
export type { Wallet } from './wallet/wallet.ts'
