import type { AgentCard } from '@allod/protocol'
import type {
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
  readonly dataset: PublishedDataset
  readonly report: OrderReport
  readonly adapter: OfferedResult
}

/** An agent that was asked. */
export type Served = {
  readonly record: OrderRecord
  readonly card: AgentCard
  readonly answers: readonly Answered[]
  readonly isVerified: boolean
}

/** One question, asked of both models. */
export type Answered = {
  readonly question: string
  readonly expected: string
  readonly base: string
  readonly tuned: string
  readonly baseIsRight: boolean
  readonly tunedIsRight: boolean
}
