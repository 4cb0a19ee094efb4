import type { AgentCard, Receipt } from '@allod/protocol'
import type {
  AgentVerdict,
  Allod,
  OfferedResult,
  OrderBook,
  OrderRecord,
  OrderReport,
  Posted,
  PublishedDataset,
  PublishedObject,
  Wallet,
} from '@allod/sdk'

/** Everybody in the story, by the wallet they use. */
export type Cast = {
  readonly modelOwner: Wallet
  readonly engineAuthor: Wallet
  readonly provider: Wallet
  readonly developer: Wallet
}

/** What the story is told with. */
export type Stage = {
  readonly allod: Allod
  readonly cast: Cast
  readonly book: OrderBook
  readonly seed: number
  /** Where set-up and progress go: standard error. */
  readonly say: (line: string) => void
  /** Ends what goes on beside the story. */
  readonly signal?: AbortSignal
}

/** What owners published. */
export type Published = {
  readonly model: PublishedObject
  readonly finetuneEngine: Posted
  readonly serveEngine: Posted
  readonly compute: Posted
}

/** What a fine-tuning left. */
export type Tuned = {
  readonly record: OrderRecord
  /** Its order, seen through to its last unit while the story goes on. */
  readonly settled: Promise<unknown>
  readonly dataset: PublishedDataset
  readonly report: OrderReport
  readonly adapter: OfferedResult
}

/** An agent that was asked. */
export type Served = {
  readonly record: OrderRecord
  readonly card: AgentCard
  readonly evidence: AgentVerdict['evidence']
  readonly answers: readonly Answered[]
}

/** One question, asked of both models. */
export type Answered = {
  readonly question: string
  readonly base: Answer
  readonly tuned: Answer
}

/** What a model said, and the enclave's receipt for it with the bytes that it is for, in base64url. */
export type Answer = {
  readonly text: string
  readonly receipt: Receipt
  readonly request: string
  readonly answer: string
}

/** When a story was told, in Unix milliseconds, and from which seed. */
export type Run = { readonly seed: number; readonly startedAt: number; readonly endedAt: number }
