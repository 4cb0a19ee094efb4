import type { FolderSource } from '@allod/content'
import {
  checkDataset,
  type Dataset,
  type DatasetSummary,
  openChatFormat,
  openModelFolder,
  openTokenizer,
} from '@allod/models'
import type { Allod } from '../allod.ts'
import { fail } from '../errors.ts'
import { descriptionShape } from '../listing/description.ts'
import type { Wallet } from '../wallet/wallet.ts'
import { type OfferLimits, type Posted, type Price, postOffer } from './postOffer.ts'
import { objectSubject } from './publishModel.ts'
import { readRows } from './readRows.ts'
import { readWhole } from './readWhole.ts'
import { type SealChoices, type SealedHere, sealObject } from './sealObject.ts'

export type DatasetChoices = SealChoices & {
  readonly summary?: string
  /** How many `requireRows` counted in this folder, where that was asked before; it is asked here unless given. */
  readonly rows?: number
  /** Without one the dataset is sealed and registered for its owner's own orders, and not offered. */
  readonly price?: Price
  readonly limits?: OfferLimits
}

/** A sealed dataset; `posted` null where it is not offered. */
export type PublishedDataset = SealedHere & { readonly rows: number; readonly posted: Posted | null }

/**
 * Checks every row of a dataset, seals it padded, registers it, and offers it where it has a price.
 * @throws sdk/bad-dataset with file, line and reason of each bad row, sdk/folder-too-large, protocol/bad-shape of words, all
 * before anything is sealed; content/…, chain errors
 */
export async function publishDataset(allod: Allod, wallet: Wallet, choices: DatasetChoices): Promise<PublishedDataset> {
  const { name, summary = '', price, limits } = choices
  const rows = choices.rows ?? (await requireRows(choices.folder))
  const shown = { version: 1, kind: 'dataset', name, summary, facts: { rows: String(rows) } }
  const description = price && descriptionShape(shown)
  const sealed = await sealObject(allod, wallet, { isPadded: true, ...choices })
  if (price === undefined || description === undefined) return { ...sealed, rows, posted: null }
  const posted = await postOffer(allod, wallet, { subject: objectSubject(sealed), price, limits, description })
  return { ...sealed, rows, posted }
}

/** How many rows a dataset has. @throws sdk/bad-dataset with file, line and reason of each bad one */
export async function requireRows(folder: FolderSource): Promise<number> {
  const { rows, problems } = await readRows(folder)
  if (problems.length > 0 || rows.length === 0) throw badRows(problems)
  return rows.length
}

/**
 * What a dataset comes to for a model whose folder is at hand: tokens, duplicates, probable personal data.
 * @throws models/bad-dataset, and the refusals of a model folder
 */
export async function measureDataset(dataset: FolderSource, model: FolderSource): Promise<DatasetSummary> {
  const files = await readWhole(model)
  const { config } = openModelFolder(files)
  const format = openChatFormat(files, openTokenizer(files), config.eosTokens)
  return checkDataset(await readRows(dataset), format, config.positions)
}

const MAX_LISTED = 100

function badRows(problems: Dataset['problems']) {
  const [first] = problems
  const actual = first === undefined ? 'no row at all' : `${first.file}:${first.line}: ${first.reason}`
  return fail('bad-dataset', { actual, meta: { count: problems.length, problems: problems.slice(0, MAX_LISTED) } })
}
